import Diagnostics

extension PickleGraph {
  private enum Mark: UInt8 {
    case untouched
    case open
    case done
  }

  /// Makes sure that whoever walks over the values from the root comes to an end, and soon.
  ///
  /// Depth first with a stack of our own. A node that is met while it is still open contains
  /// itself.
  ///
  /// - Throws: `pickle-cycle`, `pickle-limit`.
  func checkNesting(limit: Int) throws {
    var marks = [Mark](repeating: .untouched, count: nodes.count)
    /// How deep the values within a finished node go.
    var depths = [UInt32](repeating: 0, count: nodes.count)
    var path: [(node: Int, next: Int)] = []

    func visit(_ value: PickleValue) throws {
      guard case .node(let index) = value else { return }
      switch marks[index] {
      case .done: break
      case .open: throw fault(.pickleCycle, "a value of the pickle contains itself")
      case .untouched:
        marks[index] = .open
        path.append((index, 0))
      }
    }

    func finish(_ index: Int) throws {
      let node = nodes[index]
      var depth: UInt32 = 0
      for position in 0..<node.childCount {
        if case .node(let child) = node.child(position) { depth = max(depth, depths[child] + 1) }
      }
      guard depth <= limit else {
        throw fault(.pickleLimit, "values lie more than \(limit) deep in one another")
      }
      depths[index] = depth
      marks[index] = .done
    }

    try visit(root)
    while let (index, next) = path.last {
      if next < nodes[index].childCount {
        path[path.count - 1].next += 1
        try visit(nodes[index].child(next))
      } else {
        path.removeLast()
        try finish(index)
      }
    }
  }

  private func fault(_ code: Fault.Code, _ reason: String) -> Fault {
    Fault(
      code, reason, at: .init(byteOffset: UInt64(source.offset)), remedy: PickleCursor.remedy)
  }
}

extension PickleNode {
  fileprivate var childCount: Int { items.count + 2 }

  fileprivate func child(_ position: Int) -> PickleValue {
    switch position - items.count {
    case 0: arguments
    case 1: state
    default: items[position]
    }
  }
}
