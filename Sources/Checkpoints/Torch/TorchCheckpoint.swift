import Diagnostics
import Files
import Synchronization
import Tensors

/// An open `.pth`, `.pt` or `.bin` file of PyTorch, in its ZIP format or the one before that.
///
/// Its pickle is read and never run: names are compared with a list, calls are kept as data, and
/// the tensors among them are worked out here. Storages are mapped and come into memory tensor by
/// tensor, those of an optimizer never.
package final class TorchCheckpoint: TensorSource {
  private struct Entry {
    let description: TensorDescription
    let view: TorchView
    let location: TorchContents.Location
  }

  package let tensors: [TensorDescription]
  package let metadata: [String: String] = [:]
  package let formatName: String
  /// The keys that the state dict lies under in the file, joined by `/`: `model`. Nil when nothing
  /// is around it.
  package let wrapper: String?
  /// Entries of the state dict that are no tensors.
  package let ignoredEntries: [String]
  /// Entries beside the state dict, such as `optimizer` and `epoch`, whose tensors are not read.
  package let skippedEntries: [String]

  private let file: MappedFile
  private let entries: [SourceKey: Entry]
  private let isBigEndian: Bool
  /// What to compare storages' checksums with; nil where there are none or nobody asks.
  private let checksums: ZIPArchive?
  /// Where the storages begin whose checksums have been compared.
  private let checked = Mutex<Set<Int>>([])

  package var path: String { file.path }

  /// Whether a ZIP archive is PyTorch's.
  package static func recognises(_ archive: ZIPArchive) -> Bool {
    TorchArchive.recognises(archive)
  }

  /// Whether a file outside a ZIP archive is PyTorch's, or at least a pickle.
  package static func recognisesLegacy(_ file: RawSpan) -> Bool {
    TorchLegacyFile.recognises(file)
  }

  /// Opens a file of the ZIP format.
  ///
  /// - Parameters:
  ///   - wrapper: which state dict is meant, where a file holds several: `teacher`.
  ///   - checkingStorages: whether a storage's checksum is compared when it is first read.
  /// - Throws: one of the `pickle-` and `torch-` codes, `forbidden-pickle-global`,
  ///   `no-state-dict`, `ambiguous-state-dict`, `missing-wrapper`, `zip-checksum`,
  ///   `invalid-shape`, `duplicate-tensor`.
  package convenience init(
    archive: ZIPArchive, wrapper: String? = nil, checkingStorages: Bool = true,
    limits: TorchLimits = TorchLimits()
  ) throws {
    try self.init(
      in: archive.file, wrapper: wrapper, checkingStorages: checkingStorages, limits: limits
    ) { try TorchArchive(archive, limits: limits).contents() }
  }

  /// Opens a file of the format before ZIP.
  ///
  /// - Throws: as ``init(archive:wrapper:checkingStorages:limits:)`` does, and `torch-legacy`.
  package convenience init(
    legacy file: MappedFile, wrapper: String? = nil, limits: TorchLimits = TorchLimits()
  ) throws {
    try self.init(in: file, wrapper: wrapper, checkingStorages: false, limits: limits) {
      var legacy = TorchLegacyFile(file, limits: limits)
      return try legacy.contents()
    }
  }

  /// Opens a file of either format.
  ///
  /// - Throws: as the other initializers do, `missing-input`, `unreadable`, and what
  ///   ``ZIPArchive`` objects to.
  package convenience init(
    path: String, wrapper: String? = nil, checkingStorages: Bool = true,
    limits: TorchLimits = TorchLimits()
  ) throws {
    let file = try MappedFile(path: path)
    if try file.withBytes({ TorchLegacyFile.recognises($0) }) {
      try self.init(legacy: file, wrapper: wrapper, limits: limits)
    } else {
      try self.init(
        archive: ZIPArchive(file: file), wrapper: wrapper, checkingStorages: checkingStorages,
        limits: limits)
    }
  }

  private init(
    in file: MappedFile, wrapper: String?, checkingStorages: Bool, limits: TorchLimits,
    _ open: () throws -> TorchContents
  ) throws {
    self.file = file
    let (contents, dictionary, entries) = try located(in: .init(file: file.path)) {
      let contents = try open()
      let reader = try TorchTensorReader(contents.graph, limits: limits)
      let dictionary = try TorchStateDictionary(in: reader, wrapper: wrapper)
      let entries = try dictionary.tensors.map { name, value in
        try located(in: .init(tensor: name)) {
          let tensor = try reader.tensor(value)
          return Entry(
            description: try TensorDescription(
              SourceKey(name), dtype: tensor.view.dtype, shape: tensor.view.shape),
            view: tensor.view, location: try contents.locate(tensor.storage))
        }
      }
      try TorchCheckpoint.checkTotal(of: entries, fileByteCount: file.byteCount, limits: limits)
      try TorchCheckpoint.refuseSkippedData(entries, contents.checksums)
      return (contents, dictionary, entries)
    }
    formatName = contents.formatName
    isBigEndian = contents.isBigEndian
    self.wrapper = dictionary.wrapper
    ignoredEntries = dictionary.ignored
    skippedEntries = dictionary.besides
    checksums = checkingStorages ? contents.checksums : nil
    tensors = entries.map(\.description).sorted { $0.key < $1.key }
    // Names are known to differ: the dictionary's keys do.
    self.entries = Dictionary(uniqueKeysWithValues: entries.map { ($0.description.key, $0) })
  }

  package func description(of key: SourceKey) -> TensorDescription? { entries[key]?.description }

  /// Lends the tensor's bytes: straight from the file where they lie there in one piece, otherwise
  /// from a buffer that is made for the purpose.
  ///
  /// - Throws: `missing-tensor`, or `zip-checksum` when the tensor's storage is damaged.
  package func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    let place = Fault.Place(file: path, tensor: key.name)
    guard let entry = entries[key] else {
      throw Fault(.missingTensor, "the checkpoint has no such tensor", at: place)
    }
    try located(in: place) { try checkStorage(at: entry.location) }
    let range = entry.location.range
    let view = entry.view
    if let part = view.contiguousRange, !isBigEndian || view.dtype.bitWidth == 8 {
      let start = range.lowerBound + part.lowerBound
      return try file.withAllBytes(in: start..<start + part.count, body)
    }
    return try file.withAllBytes(in: range) { storage in
      try view.withGathered(from: storage, isBigEndian: isBigEndian, body)
    }
  }
}

// MARK: - Checks

extension TorchCheckpoint {
  /// Tied weights and expanded views let a small file stand for a large checkpoint, within reason.
  private static func checkTotal(
    of entries: [Entry], fileByteCount: Int, limits: TorchLimits
  ) throws {
    let (product, overflow) = fileByteCount.multipliedReportingOverflow(
      by: limits.bytesPerFileByte)
    var rest = overflow ? Int.max : product
    (rest, _) = rest.addingReportingOverflow(limits.expandedByteCount)
    for entry in entries {
      guard entry.description.byteCount <= rest else {
        throw Fault(
          .torchViewLimit,
          "the tensors up to this one take more than \(limits.bytesPerFileByte) times the file's "
            + "\(fileByteCount) bytes",
          at: .init(tensor: entry.description.key.name),
          remedy: "save a copy of the parts that are not repeated")
      }
      rest -= entry.description.byteCount
    }
  }

  /// `torch.serialization.skip_data` leaves holes where storages go, and no checksums of them.
  private static func refuseSkippedData(_ entries: [Entry], _ archive: ZIPArchive?) throws {
    guard let archive else { return }
    for entry in entries {
      guard let member = entry.location.member, member.crc32 == 0, member.size > 0 else { continue }
      do {
        // One checksum in four thousand million is zero.
        try archive.checkCRC(of: member)
      } catch let fault as Fault where fault.code == .zipChecksum {
        throw Fault(
          .torchSkippedData,
          "\(printable(member.name)) was never written: the file was saved under "
            + "torch.serialization.skip_data",
          at: .init(
            tensor: entry.description.key.name,
            byteOffset: UInt64(member.dataRange.lowerBound)),
          remedy: "save it again with its data")
      }
    }
  }

  private func checkStorage(at location: TorchContents.Location) throws {
    guard let checksums, let member = location.member else { return }
    let start = location.range.lowerBound
    guard !checked.withLock({ $0.contains(start) }) else { return }
    try checksums.checkCRC(of: member)
    checked.withLock { _ = $0.insert(start) }
  }
}
