/// Columns of text, each as wide as its widest cell; numbers stand right.
struct TextTable {
  enum Alignment {
    case left
    case right
  }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  init(_ columns: [(title: String, alignment: Alignment)]) {
    header = columns.map(\.title)
    alignments = columns.map(\.alignment)
  }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  /// Lines without spaces at their ends.
  var text: String {
    let all = [header] + rows
    let lengths = all.map { row in row.map(\.count) }
    let widths = header.indices.map { column in lengths.map { $0[column] }.max() ?? 0 }
    // No gap between two texts is longer.
    let blank = String(repeating: " ", count: widths.reduce(0) { $0 + $1 + 2 })
    var text = ""
    for (row, lengths) in zip(all, lengths) {
      var spaces = 0
      for column in row.indices {
        let padding = widths[column] - lengths[column]
        let isLeft = alignments[column] == .left
        if !isLeft { spaces += padding }
        if !row[column].isEmpty {
          text += blank.prefix(spaces)
          text.append(row[column])
          spaces = 0
        }
        spaces += isLeft ? padding + 2 : 2
      }
      text.append("\n")
    }
    return text
  }
}
