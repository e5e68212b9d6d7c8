/// A tensor's name. Names are compared by their bytes, as the file formats do: Swift's own strings
/// take "é" and "e" with an accent for one.
package protocol TensorKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  var name: String { get }
}

extension TensorKey {
  package var description: String { name }

  package static func == (left: Self, right: Self) -> Bool {
    // Strings that Swift tells apart, by one comparison of memory as a rule, differ in bytes too.
    left.name == right.name && left.name.utf8.elementsEqual(right.name.utf8)
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    // By bytes, too: the many spellings of one text would all collide.
    for byte in name.utf8 { hasher.combine(byte) }
  }
}

/// The name of a tensor in the checkpoint that is read.
///
/// Sources and targets use different names for the same weights; two types keep one from being
/// looked up in the other.
package struct SourceKey: TensorKey {
  package let name: String
  package init(_ name: String) { self.name = name }
}

/// The name of a tensor in the checkpoint that is written.
package struct TargetKey: TensorKey {
  package let name: String
  package init(_ name: String) { self.name = name }
}
