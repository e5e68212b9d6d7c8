import Diagnostics
import Files

/// A file that the store has, and how it came there.
package struct FetchedFile: Sendable, Equatable {
  package let name: RelativePath
  package let path: String
  package let byteCount: Int
  /// The mirror's copy it was made from; nil when the store had it already.
  package let source: String?
}

package struct FetchProgress: Sendable, Equatable {
  package let file: RelativePath
  package let bytesDone: Int
  package let byteCount: Int
}

extension Store {
  /// Brings every file of an entry into the store, from the first mirror that has it.
  ///
  /// Everything that can be known beforehand is checked before the first byte is written: digests
  /// known, copies present and of the right size, room enough. A file appears under its name only
  /// once its digest is right; a file that is there already with the right digest stays as it is.
  ///
  /// - Parameter replacing: whether a file that differs from the entry may be replaced.
  /// - Throws: `unknown-digest`; `mirror-unavailable`, `not-in-mirror`; `outside-mirror`,
  ///   `not-a-regular-file`, `wrong-size`, `wrong-digest`, `changed-while-reading` for a mirror's
  ///   copy; `differs-from-entry`, `no-space`, `cannot-create`, `write-failed` for the store.
  @discardableResult
  package func fetch(
    _ entry: ModelEntry, from mirrors: [any Mirror], replacing: Bool = false,
    progress: (FetchProgress) -> Void = { _ in }
  ) throws -> [FetchedFile] {
    let steps = try entry.files.map {
      try step(for: $0, of: entry.id, from: mirrors, replacing: replacing)
    }
    try checkSpace(for: steps.reduce(0) { $0 + ($1.source == nil ? 0 : $1.expectation.size) })
    return try steps.map { step in
      var written: String?
      if let source = step.source,
        try carryOut(step, from: source, replacing: replacing, progress: progress)
      {
        written = source.place
      }
      return FetchedFile(
        name: step.file.name, path: step.path, byteCount: step.expectation.size, source: written)
    }
  }

  private struct Step {
    let file: ModelFile
    let expectation: Expectation
    let path: String
    /// nil when there is nothing to do.
    let source: (any MirroredFile)?
  }

  private func step(
    for file: ModelFile, of model: ZooName, from mirrors: [any Mirror], replacing: Bool
  ) throws -> Step {
    let expectation = try Expectation(file)
    let path = path(of: file, of: model)
    switch try StoredCopy(at: path, of: expectation) {
    case .right: return Step(file: file, expectation: expectation, path: path, source: nil)
    case .wrong(let fault) where !replacing:
      throw Fault(
        .differsFromEntry, "another file of this name is there: \(fault.reason)",
        at: fault.place, remedy: "say --force to replace it")
    case .wrong, .absent:
      let source = try copy(of: file, of: model, expectation, in: mirrors)
      return Step(file: file, expectation: expectation, path: path, source: source)
    }
  }

  /// The first mirror's copy that has the right size.
  private func copy(
    of file: ModelFile, of model: ZooName, _ expectation: Expectation, in mirrors: [any Mirror]
  ) throws -> any MirroredFile {
    var failure: Fault?
    for mirror in mirrors {
      do {
        guard let copy = try mirror.open(file, of: model) else { continue }
        try expectation.checkSize(copy.byteCount, of: copy.place)
        return copy
      } catch let fault as Fault {
        failure = failure ?? fault
      }
    }
    if let failure { throw failure }
    let places = mirrors.flatMap { $0.places(of: file, of: model) }
    guard !places.isEmpty else {
      throw Fault(
        .mirrorUnavailable, "there is no mirror to fetch \(model) from",
        remedy: "name one: --mirror FOLDER")
    }
    throw Fault(
      .notInMirror, "no mirror has \(file.name) of \(model)",
      remedy: "looked for \(places.map { printable($0) }.joined(separator: ", "))")
  }

  /// Whether the file was written: somebody else may have fetched the same one in the meantime.
  private func carryOut(
    _ step: Step, from source: any MirroredFile, replacing: Bool,
    progress: (FetchProgress) -> Void
  ) throws -> Bool {
    let folders = try NewFolders(for: step.path)
    do {
      try write(step, from: source, replacing: replacing, progress: progress)
      return true
    } catch let fault as Fault {
      folders.removeEmpty()
      if fault.code == .cannotCreate,
        case .right? = try? StoredCopy(at: step.path, of: step.expectation)
      {
        return false
      }
      throw fault
    }
  }

  private func write(
    _ step: Step, from source: any MirroredFile, replacing: Bool,
    progress: (FetchProgress) -> Void
  ) throws {
    let output = try AtomicFile(destination: step.path, replacing: replacing)
    var hasher = SHA256Hasher()
    try source.read { piece in
      hasher.update(piece)
      try output.write(piece)
      progress(
        FetchProgress(
          file: step.file.name, bytesDone: output.byteCount, byteCount: step.expectation.size))
    }
    try step.expectation.checkSize(output.byteCount, of: source.place)
    try step.expectation.checkDigest(hasher.finalize(), of: source.place)
    try output.commit()
  }

  private func checkSpace(for byteCount: Int) throws {
    guard byteCount > 0, let free = FreeSpace.bytes(at: folder), free < byteCount else { return }
    throw Fault(
      .noSpace, "\(byteCount) bytes are to be written, and the disk has room for \(free)",
      at: .init(file: folder), remedy: "free some space, or set INFLATE_CKPT_STORE")
  }
}
