import Diagnostics
import Documents

/// What `zoo list` shows: one row an entry.
package struct Listing: Sendable {
  package let rows: [Row]

  package struct Row: Sendable {
    package let entry: ModelEntry
    package let availability: Availability
  }

  /// Where an entry's files lie, as their names and sizes tell; digests are checked on fetching and
  /// on use.
  package enum Availability: String, Sendable, CaseIterable {
    case inStore = "in-store"
    case partlyInStore = "partly-in-store"
    case inMirror = "in-mirror"
    case absent
  }

  /// - Throws: `mirror-unavailable` when a mirror that the user named is not there.
  package init(_ entries: [ModelEntry], store: Store?, mirrors: [any Mirror] = []) throws {
    rows = try entries.map {
      Row(
        entry: $0, availability: try Listing.availability(of: $0, store: store, mirrors: mirrors))
    }
  }

  package static let columns = ["id", "family", "size", "digest", "licence", "available"]

  private static func availability(
    of entry: ModelEntry, store: Store?, mirrors: [any Mirror]
  ) throws -> Availability {
    let stored = entry.files.count { file in
      store.map { isStored(file, at: $0.path(of: file, of: entry.id)) } ?? false
    }
    // Every mirror is asked, so that a missing one is reported whatever the store has.
    let mirrored = try entry.files.map { try isMirrored($0, of: entry.id, in: mirrors) }
    if stored == entry.files.count { return .inStore }
    if stored > 0 { return .partlyInStore }
    return mirrored.allSatisfy { $0 } ? .inMirror : .absent
  }

  private static func isStored(_ file: ModelFile, at path: String) -> Bool {
    guard let copy = try? RegularFile(opening: path) else { return false }
    return file.size == nil || copy.byteCount == file.size
  }

  private static func isMirrored(
    _ file: ModelFile, of model: ZooName, in mirrors: [any Mirror]
  ) throws -> Bool {
    var found = false
    for mirror in mirrors {
      do {
        guard let copy = try mirror.open(file, of: model) else { continue }
        found = found || file.size == nil || copy.byteCount == file.size
      } catch let fault as Fault where fault.code != .mirrorUnavailable {
        // What must not be read is not available; fetching it says why.
      }
    }
    return found
  }
}

extension Listing.Row {
  /// The row's cells under ``Listing/columns``, safe to show on a terminal.
  package var cells: [String] {
    [
      entry.id.description, entry.family.description,
      entry.byteCount.map(byteCountText) ?? "unknown", digestState,
      printable(entry.licence.label, limit: 40),
      availability.rawValue.replacing("-", with: " "),
    ]
  }

  /// How much is known of the files' digests: the least of any file.
  private var digestState: String {
    let states = entry.files.map { file in
      switch file.digest {
      case .known(_, by: let provenance): provenance.rawValue
      case .prefix: "prefix only"
      case .unknown: "unknown"
      }
    }
    return states.max { rank($0) < rank($1) } ?? "unknown"
  }

  private func rank(_ state: String) -> Int {
    ["published", "name-prefix", "first-seen", "prefix only", "unknown"].firstIndex(of: state) ?? 0
  }
}

extension Listing {
  /// The rows as `zoo list --json` prints them: each entry's document and where it is available.
  package var document: JSONValue {
    .object([
      "formatVersion": 1,
      "models": .array(
        rows.map { row in
          .object(["entry": row.entry.document, "availability": .string(row.availability.rawValue)])
        }),
    ])
  }
}

/// A size as people read it, in powers of a thousand as disks are sold: `3.7 MB`.
package func byteCountText(_ bytes: Int) -> String {
  guard bytes >= 1000 else { return "\(bytes) B" }
  var unit = 1000
  var names = ["kB", "MB", "GB", "TB", "PB"][...]
  // 999 950 rounds to 1000.0 kB, which is 1.0 MB.
  while names.count > 1, bytes / unit >= 1000 || (bytes / (unit / 20) + 1) / 2 >= 10_000 {
    unit *= 1000
    names = names.dropFirst()
  }
  let tenths = (bytes / (unit / 20) + 1) / 2
  return "\(tenths / 10).\(tenths % 10) \(names.first ?? "PB")"
}
