/// The name of a tensor in the checkpoint that is read.
///
/// Sources and targets use different names for the same weights; two types keep one from being
/// looked up in the other.
package struct SourceKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let name: String
  package init(_ name: String) { self.name = name }
  package var description: String { name }
  package static func < (left: SourceKey, right: SourceKey) -> Bool { left.name < right.name }
}

/// The name of a tensor in the checkpoint that is written.
package struct TargetKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let name: String
  package init(_ name: String) { self.name = name }
  package var description: String { name }
  package static func < (left: TargetKey, right: TargetKey) -> Bool { left.name < right.name }
}
