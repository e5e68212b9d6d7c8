/// Bounds on what a file may ask of its reader, all far beyond any checkpoint's needs.
package struct TorchLimits: Sendable, Hashable {
  /// One pickle. A state dict of a thousand tensors takes about 100 KB.
  package var pickleByteCount = 64 << 20
  /// Containers, objects and persistent ids in one pickle; a tensor takes seven.
  package var nodeCount = 1 << 18
  /// Elements of all containers together.
  package var elementCount = 1 << 20
  package var stackCount = 1 << 17
  package var memoCount = 1 << 19
  /// How deep containers may lie in one another.
  package var nestingDepth = 100
  /// One name: a tensor's, a module's or a storage's.
  package var nameByteCount = 1024
  package var rank = 64
  /// A tensor that is larger than its storage, as expanded ones are.
  package var expandedByteCount = 64 << 20
  /// All tensors together, for every byte of the file: tied weights take the same bytes more than
  /// once, but not without end.
  package var bytesPerFileByte = 64

  package init() {}
}
