import Diagnostics
import Files
import Tensors

/// An open `.npz` file: a ZIP archive of NumPy arrays, stored or deflated, each a tensor under its
/// member's name without `.npy`. Opening it reads the arrays' headers alone.
package final class NumPyArchive: TensorSource {
  package let tensors: [TensorDescription]
  package let metadata: [String: String] = [:]
  private let archive: ZIPArchive
  private let members: [SourceKey: Member]

  private struct Member {
    let entry: ZIPArchive.Entry
    let header: NPYHeader
    let description: TensorDescription
  }

  package var path: String { archive.file.path }
  package var formatName: String { "NumPy archive" }

  /// Whether the archive looks like NumPy's: every member an array by its name.
  package static func recognises(_ archive: ZIPArchive) -> Bool {
    archive.entries.allSatisfy { tensorName(of: $0) != nil }
  }

  /// - Throws: `numpy-member` for a member that is no array, `numpy-header`, `numpy-element-type`,
  ///   `numpy-size` and `invalid-shape` for arrays that are no tensors, `zip-deflate`; each with the
  ///   tensor and where its member lies.
  package init(archive: ZIPArchive) throws {
    self.archive = archive
    var members: [SourceKey: Member] = [:]
    for entry in archive.entries {
      let place = Fault.Place(
        file: archive.file.path, tensor: entry.name,
        byteOffset: UInt64(entry.dataRange.lowerBound))
      let member = try located(in: place) { try NumPyArchive.member(entry, of: archive) }
      members[member.description.key] = member
    }
    self.members = members
    tensors = members.values.map(\.description).sorted { $0.key < $1.key }
  }

  /// - Throws: as ``init(archive:)`` does, and what ``ZIPArchive`` objects to.
  package convenience init(path: String) throws {
    try self.init(archive: ZIPArchive(path: path))
  }

  package func description(of key: SourceKey) -> TensorDescription? { members[key]?.description }

  package func withBytes<Result>(
    of key: SourceKey, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let member = members[key] else {
      throw Fault(
        .missingTensor, "the checkpoint has no such tensor", at: .init(file: path, tensor: key.name)
      )
    }
    return try located(in: .init(file: path, tensor: key.name)) {
      try archive.withBytes(of: member.entry) { bytes in
        let data = bytes.extracting(member.header.byteCount..<bytes.byteCount)
        return try member.header.withRowMajor(data, body)
      }
    }
  }

  /// The member's name without `.npy`, or nil when that is not how it ends.
  private static func tensorName(of entry: ZIPArchive.Entry) -> String? {
    let name = entry.name.utf8
    guard name.count > 4, name.suffix(4).elementsEqual(".npy".utf8) else { return nil }
    let stem = name.dropLast(4)
    return stem.last == UInt8(ascii: "/") ? nil : String(stem)
  }

  private static func member(_ entry: ZIPArchive.Entry, of archive: ZIPArchive) throws -> Member {
    guard let name = tensorName(of: entry) else {
      throw Fault(
        .numpyMember, "the member is no array: its name does not end with .npy",
        remedy: "save the arrays alone, with numpy.savez")
    }
    let header = try NPYHeader { try archive.prefix(of: entry, byteCount: $0) }
    let description = try TensorDescription(
      SourceKey(name), dtype: header.elementType.dtype, shape: header.shape)
    guard description.byteCount == entry.size - header.byteCount else {
      throw Fault(
        .numpySize,
        "\(description.dtype) \(description.shape) takes \(description.byteCount) bytes, its member "
          + "holds \(entry.size - header.byteCount)",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    return Member(entry: entry, header: header, description: description)
  }
}
