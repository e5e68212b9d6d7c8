import Diagnostics
import Files

/// The ZIP format of `torch.save`: `data.pkl` and a member for every storage, all in one folder.
struct TorchArchive {
  private let archive: ZIPArchive
  /// The folder, with its slash. Its name means nothing: `torch.save` takes the file's own.
  private let folder: String
  private let pickle: ZIPArchive.Entry
  private let limits: TorchLimits

  private static let pickleName = "data.pkl"
  /// What the small members may take.
  private static let noteByteCount = 64

  /// Whether an archive is PyTorch's: it has a `data.pkl` or a TorchScript's `constants.pkl` one
  /// folder deep.
  static func recognises(_ archive: ZIPArchive) -> Bool {
    archive.entries.contains {
      let parts = $0.name.split(separator: "/")
      return parts.count == 2 && (parts[1] == pickleName || parts[1] == "constants.pkl")
    }
  }

  /// - Throws: `torch-archive`, `torch-script`, `torch-compressed`, `pickle-limit`.
  init(_ archive: ZIPArchive, limits: TorchLimits) throws {
    self.archive = archive
    self.limits = limits
    let pickles = archive.entries.filter {
      let parts = $0.name.split(separator: "/")
      return parts.count == 2 && parts[1] == TorchArchive.pickleName
    }
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw Fault(
        .torchArchive,
        pickles.isEmpty
          ? "the ZIP archive holds no data.pkl, as torch.save's do"
          : "the ZIP archive holds several data.pkl", remedy: "save it again with torch.save")
    }
    self.pickle = pickle
    folder = String(pickle.name.dropLast(TorchArchive.pickleName.utf8.count))
    try refuseScript()
    if let compressed = archive.entries.first(where: { $0.method != .stored }) {
      throw Fault(
        .torchCompressed,
        "\(printable(compressed.name)) is compressed, which torch.save never does",
        at: .init(byteOffset: UInt64(compressed.headerOffset)),
        remedy: "load it in Python and save it again with torch.save")
    }
    guard pickle.size <= limits.pickleByteCount else {
      throw Fault(
        .pickleLimit,
        "data.pkl has \(pickle.size) bytes, more than the \(limits.pickleByteCount) allowed",
        at: .init(byteOffset: UInt64(pickle.dataRange.lowerBound)), remedy: PickleCursor.remedy)
    }
  }

  private func refuseScript() throws {
    let isScript = archive.entries.contains {
      $0.name == folder + "constants.pkl" || $0.name.hasPrefix(folder + "code/")
    }
    guard !isScript else {
      throw Fault(
        .torchScript, "the file is a TorchScript program, not a state dict",
        remedy: "load it with torch.jit.load and save model.state_dict() with torch.save")
    }
  }

  /// Reads the notes and the pickle, and none of the storages.
  ///
  /// - Throws: `torch-version`, `torch-byte-order`, `zip-checksum`, or what the pickle brings up.
  func contents() throws -> TorchContents {
    try checkVersions()
    let isBigEndian = try isBigEndian()
    let hasChecksums = pickle.crc32 != 0
    if hasChecksums { try archive.checkCRC(of: pickle) }
    var cursor = PickleCursor(
      archive.file, range: pickle.dataRange, limit: limits.pickleByteCount)
    let graph = try PickleMachine.read(&cursor, limits: limits)
    guard cursor.remaining == 0 else {
      throw Fault(
        .pickleTrailingBytes, "\(cursor.remaining) bytes follow the pickle in data.pkl",
        at: .init(byteOffset: UInt64(cursor.offset)))
    }
    return TorchContents(
      file: archive.file, graph: graph, isBigEndian: isBigEndian, formatName: "PyTorch",
      checksums: hasChecksums ? archive : nil, locate: location)
  }

  private func location(of storage: TorchStorage) throws -> TorchContents.Location {
    guard let entry = archive.entry(named: "\(folder)data/\(storage.key)") else {
      throw Fault(
        .torchMissingStorage, "the archive has no member data/\(storage.key)",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    guard entry.size == storage.byteCount else {
      throw Fault(
        .torchStorageSize,
        "data/\(storage.key) has \(entry.size) bytes, the pickle says \(storage.byteCount)",
        at: .init(byteOffset: UInt64(entry.dataRange.lowerBound)),
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    return TorchContents.Location(range: entry.dataRange, member: entry)
  }
}

// MARK: - Notes

extension TorchArchive {
  /// The text of one of the small members that say how the archive was written.
  private func note(_ name: String, _ code: Fault.Code) throws -> String? {
    guard let entry = archive.entry(named: folder + name) else { return nil }
    guard entry.size <= TorchArchive.noteByteCount else {
      throw Fault(
        code, "\(name) has \(entry.size) bytes",
        at: .init(byteOffset: UInt64(entry.dataRange.lowerBound)))
    }
    if entry.crc32 != 0 { try archive.checkCRC(of: entry) }
    let bytes = try archive.withBytes(of: entry) { $0.copy(0..<$0.byteCount) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func checkVersions() throws {
    // PyTorch reads versions 1 to 10; torch.save writes 3.
    let name = archive.entry(named: folder + "version") == nil ? ".data/version" : "version"
    guard let version = try note(name, .torchVersion) else {
      throw Fault(.torchVersion, "the archive does not say its version")
    }
    let digits = version.hasSuffix("\n") ? String(version.dropLast()) : version
    guard let number = UInt8(digits), 1...10 ~= number else {
      throw Fault(
        .torchVersion, "version \"\(printable(digits))\" is unknown; 1 to 10 are read",
        remedy: "save it again with a current release of PyTorch")
    }
    let format = try note(".format_version", .torchVersion)
    guard format == nil || format == "1" || format == "2" else {
      throw Fault(
        .torchVersion, "format version \"\(printable(format!))\" is unknown; 1 and 2 are read",
        remedy: "save it again with another release of PyTorch")
    }
  }

  /// Files without the note come from releases that ran on little-endian machines.
  private func isBigEndian() throws -> Bool {
    switch try note("byteorder", .torchByteOrder) {
    case nil, "little": false
    case "big": true
    case let order?:
      throw Fault(
        .torchByteOrder, "byte order \"\(printable(order))\" is neither little nor big")
    }
  }
}
