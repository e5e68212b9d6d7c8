import Diagnostics
import Files

/// One file of a published checkpoint and how to tell that a copy of it is right.
package struct ModelFile: Sendable, Hashable {
  package let name: RelativePath
  package let format: Format
  /// In bytes; nil where nobody has recorded it.
  package let size: Int?
  package let digest: Digest
  package let note: ProseText?

  package enum Format: String, Sendable, CaseIterable {
    case safetensors, hdf5, torch, numpy
  }

  /// How a digest came to be known.
  package enum Provenance: String, Sendable, CaseIterable {
    /// Its publisher says so.
    case published
    /// The file's name has the digest's first digits.
    case namePrefix = "name-prefix"
    /// Computed from a copy by whoever wrote the entry.
    case firstSeen = "first-seen"
  }

  package enum Digest: Sendable, Hashable {
    case known(SHA256Digest, by: Provenance)
    /// Only the first digits are known, from the file's name.
    case prefix(String)
    case unknown
  }

  /// More than any file system holds in one file; sums of such sizes do not overflow.
  package static let largestSize = 1 << 50

  /// - Throws: `invalid-document` when the digest's provenance contradicts what is known of it, or
  ///   the size is none.
  package init(
    name: RelativePath, format: Format, size: Int?, sha256: SHA256Digest?,
    digestKnownBy provenance: Provenance?, note: ProseText? = nil
  ) throws {
    self.name = name
    self.format = format
    self.size = size
    self.note = note
    if let size, !(1...ModelFile.largestSize).contains(size) {
      throw Fault(.invalidDocument, "\(name) cannot be \(size) bytes long")
    }
    let prefix = ModelFile.digestPrefix(in: name)
    switch (sha256, provenance) {
    case (nil, nil): digest = .unknown
    case (nil, .namePrefix?):
      guard let prefix else {
        throw Fault(
          .invalidDocument, "the name \(name) does not have the first digits of a digest in it",
          remedy: "such a name has 8 to 64 hexadecimal digits between a hyphen and a dot")
      }
      digest = .prefix(prefix)
    case (nil, let provenance?):
      throw Fault(
        .invalidDocument, "\"\(provenance.rawValue)\" speaks of a digest that is not given")
    case (_?, nil):
      throw Fault(
        .invalidDocument, "nothing says how the digest of \(name) is known",
        remedy: "add \"digestKnownBy\"")
    case (let sha256?, let provenance?):
      guard size != nil else {
        throw Fault(
          .invalidDocument, "\(name) has a digest but no size", remedy: "add \"size\"")
      }
      guard provenance != .namePrefix || prefix.map(sha256.description.hasPrefix) == true else {
        throw Fault(
          .invalidDocument, "the digits in the name \(name) are not the first of its digest")
      }
      digest = .known(sha256, by: provenance)
    }
  }

  /// The digits of `swin_t-704ceda3.pth`: at the end of a hyphen, before the first dot after it.
  private static func digestPrefix(in name: RelativePath) -> String? {
    guard let last = name.components.last else { return nil }
    for part in last.split(separator: "-").dropFirst() {
      guard let dot = part.firstIndex(of: ".") else { continue }
      let digits = part[..<dot]
      let isHexadecimal = digits.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      }
      if (8...64).contains(digits.utf8.count), isHexadecimal { return String(digits) }
    }
    return nil
  }
}
