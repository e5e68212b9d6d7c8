import Diagnostics
import Files
import Tensors

/// An open HDF5 file, as h5py writes one from a state dict.
///
/// The format is read here and not through its library: version 1.10 of that overruns its heap or
/// its stack on files with a single damaged byte, and a checkpoint from the network is not to be
/// trusted with that. What is read is the part of the format that tensors need; links and storage
/// that lead out of the file, filters beyond deflate, shuffle and Fletcher-32, and types that no
/// tensor has are refused by name when the file is opened.
package final class HDF5Checkpoint: TensorSource {
  package let path: String
  package let tensors: [TensorDescription]
  private let file: MappedFile
  private let datasets: [SourceKey: HDF5Walk.Found]

  package var formatName: String { "HDF5" }
  /// Attributes are not looked at, except those that mark bfloat16.
  package var metadata: [String: String] { [:] }

  /// Reads the file's structure, and none of the tensors.
  ///
  /// - Throws: `missing-input`, `unreadable`, or one of the `hdf5-…` faults, which name the dataset
  ///   and the byte where they are known.
  package init(path: String, limits: HDF5Limits = HDF5Limits()) throws {
    self.path = path
    let file = try MappedFile(path: path)
    self.file = file
    datasets = try located(in: .init(file: path)) {
      try HDF5Walk(HDF5Metadata(file, limits: limits)).found
    }
    tensors = datasets.values.map(\.description).sorted { $0.key < $1.key }
  }

  package func description(of key: SourceKey) -> TensorDescription? {
    datasets[key]?.description
  }

  /// Lends the tensor's bytes: straight from the file where they lie there little-endian in one
  /// piece, otherwise from a buffer that is made for the purpose.
  ///
  /// - Throws: `missing-tensor`, or `hdf5-chunk` when a chunk does not decode.
  package func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    let place = Fault.Place(file: path, tensor: key.name)
    guard let dataset = datasets[key]?.dataset else {
      throw Fault(.missingTensor, "the checkpoint has no such tensor", at: place)
    }
    if case .plain(let range) = dataset.storage, !dataset.needsSwapping {
      return try file.withAllBytes(in: range, body)
    }
    let bytes = try located(in: place) { try read(dataset) }
    return try body(bytes.span.bytes)
  }

  private func read(_ dataset: HDF5Dataset) throws -> [UInt8] {
    var bytes: [UInt8]
    switch dataset.storage {
    case .plain(let range):
      bytes = try file.withAllBytes(in: range) { [UInt8](copying: $0) }
    case .chunked(let table): bytes = try table.read(from: file, byteCount: dataset.byteCount)
    case .zeros: return [UInt8](repeating: 0, count: dataset.byteCount)
    }
    if dataset.needsSwapping { dataset.swapBytes(of: &bytes) }
    return bytes
  }
}

extension HDF5Dataset {
  var needsSwapping: Bool { number.isBigEndian && number.byteCount > 1 }

  /// Turns big-endian elements into little-endian ones.
  func swapBytes(of bytes: inout [UInt8]) {
    switch number.byteCount {
    case 2: HDF5Dataset.swap(&bytes, as: UInt16.self)
    case 4: HDF5Dataset.swap(&bytes, as: UInt32.self)
    default: HDF5Dataset.swap(&bytes, as: UInt64.self)
    }
  }

  private static func swap<Element: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: inout [UInt8], as type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    bytes.withUnsafeMutableBytes { buffer in
      for offset in stride(from: 0, to: buffer.count, by: width) {
        let value = buffer.loadUnaligned(fromByteOffset: offset, as: type)
        buffer.storeBytes(of: value.byteSwapped, toByteOffset: offset, as: type)
      }
    }
  }
}
