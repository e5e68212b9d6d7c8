import Diagnostics
import Files
import Tensors

/// Where a checkpoint goes, and in which container: the file's ending picks it.
package struct CheckpointOutput: Sendable {
  package enum Container: String, Sendable, CaseIterable {
    case safetensors
    case torch
    case hdf5

    package var endings: [String] {
      switch self {
      case .safetensors: ["safetensors"]
      case .torch: ["pth", "pt", "bin"]
      case .hdf5: ["h5", "hdf5"]
      }
    }
  }

  package let path: String
  package let container: Container
  /// The largest number of bytes of tensors in one safetensors file, if there is to be a bound.
  package let largestShard: Int?
  package let hdf5Naming: HDF5Naming
  package let replacing: Bool

  /// - Throws: `usage` when the ending picks no container, or not one that comes in shards.
  package init(
    path: String, largestShard: Int? = nil, hdf5Naming: HDF5Naming = .flat, replacing: Bool
  ) throws {
    let ending = path.pathExtension.lowercased()
    guard let container = Container.allCases.first(where: { $0.endings.contains(ending) }) else {
      let known = Container.allCases.flatMap(\.endings).map { ".\($0)" }.joined(separator: ", ")
      throw Fault(
        .usage, "the ending of \(printable(path)) picks no container",
        remedy: "known endings: \(known)")
    }
    guard largestShard == nil || container == .safetensors else {
      throw Fault(
        .usage, "only safetensors checkpoints come in shards", at: .init(file: path))
    }
    self.path = path
    self.container = container
    self.largestShard = largestShard
    self.hdf5Naming = hdf5Naming
    self.replacing = replacing
  }

  /// Whether the container keeps text beside the tensors.
  package var keepsMetadata: Bool { container == .safetensors }

  /// Writes a whole checkpoint.
  ///
  /// - Parameters:
  ///   - metadata: left out where the container keeps none.
  ///   - progress: called before each tensor with its number, from 0.
  ///   - provide: called with each tensor in the container's order; it hands the bytes to `emit`.
  /// - Throws: `cannot-create`, `write-failed`, what the container cannot hold, what `provide`
  ///   throws.
  package func write(
    _ tensors: [StoredTensor], metadata: [String: String],
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    provide: (_ tensor: StoredTensor, _ emit: (RawSpan) throws -> Void) throws -> Void
  ) throws {
    switch (container, largestShard) {
    case (.safetensors, nil):
      try fill(
        SafetensorsWriter(
          destination: path, entries: tensors, metadata: metadata, replacing: replacing),
        progress, provide)
    case (.safetensors, let largestShard?):
      try fill(
        ShardedSafetensorsWriter(
          destination: path, entries: tensors, metadata: metadata,
          largestByteCount: largestShard, replacing: replacing),
        progress, provide)
    case (.torch, _):
      try fill(
        TorchWriter(destination: path, entries: tensors, replacing: replacing), progress, provide)
    case (.hdf5, _):
      try fill(
        HDF5Writer(
          destination: path, entries: tensors, naming: hdf5Naming, replacing: replacing),
        progress, provide)
    }
  }

  private func fill<Writer: CheckpointWriter & ~Copyable>(
    _ writer: consuming Writer, _ progress: (_ done: Int, _ total: Int) -> Void,
    _ provide: (StoredTensor, (RawSpan) throws -> Void) throws -> Void
  ) throws {
    let order = writer.order
    for (number, tensor) in order.enumerated() {
      progress(number, order.count)
      try located(in: .init(tensor: tensor.key.name)) {
        try provide(tensor) { try writer.write($0) }
      }
    }
    try writer.commit()
  }
}
