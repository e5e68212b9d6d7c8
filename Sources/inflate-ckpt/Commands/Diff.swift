import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import Tensors

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Shows how two checkpoints differ, across formats.",
    discussion: """
      Tensors that only one has, shapes, element types, values. Exit status 1 when they differ.
      """)

  @Argument(help: ArgumentHelp("The first checkpoint.", valueName: "a"))
  var first: String

  @Argument(help: ArgumentHelp("The second checkpoint.", valueName: "b"))
  var second: String

  @Option(
    help: ArgumentHelp(
      "Largest max|a−b| relative to max|a| that counts as equal; element types may then differ.",
      valueName: "x"))
  var tolerance: Double?

  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let tolerance, !(tolerance >= 0) {
      throw ValidationError("--tolerance \(tolerance) is not a number from 0")
    }
  }

  func run() throws {
    let difference = try CheckpointDifference(
      opening.open(first), opening.open(second), tolerance: tolerance)
    if json {
      try StandardOutput.write(document(of: difference))
    } else {
      try StandardOutput.write(text(of: difference))
    }
    guard difference.entries.isEmpty else { throw CheckFellShort() }
  }

  private func text(of difference: CheckpointDifference) -> String {
    guard !difference.entries.isEmpty else {
      return "no difference in \(difference.equalCount) tensors\n"
    }
    var table = TextTable([
      ("tensor", .left), ("differs in", .left), ("a", .left), ("b", .left), ("max|a−b|", .right),
      ("relative", .right),
    ])
    for entry in difference.entries {
      table.add([
        printable(entry.key.name), entry.kind.rawValue, Self.text(of: entry.first),
        Self.text(of: entry.second), entry.distance.map(Figure.text) ?? "–",
        entry.relativeDistance.map(Figure.text) ?? "–",
      ])
    }
    return table.text
      + "\n\(difference.entries.count) tensors differ, \(difference.equalCount) do not\n"
  }

  private static func text(of tensor: TensorDescription?) -> String {
    tensor.map { "\($0.dtype) \($0.shape)" } ?? "–"
  }

  private func document(of difference: CheckpointDifference) -> JSONValue {
    .object([
      "formatVersion": 1, "first": .string(first), "second": .string(second),
      "equalCount": .integer(Int64(difference.equalCount)),
      "differences": .array(
        difference.entries.map { entry in
          .object([
            "name": .string(entry.key.name), "kind": .string(entry.kind.rawValue),
            "first": entry.first.map(Self.document), "second": entry.second.map(Self.document),
            "distance": entry.distance.map { .number($0) },
            "relativeDistance": entry.relativeDistance.map { .number($0) },
          ])
        }),
    ])
  }

  private static func document(of tensor: TensorDescription) -> JSONValue {
    .object([
      "dtype": .string(tensor.dtype.rawValue), "shape": .integers(tensor.shape.extents),
    ])
  }
}
