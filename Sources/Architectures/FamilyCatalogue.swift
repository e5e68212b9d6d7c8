import BuiltInZoo
import Diagnostics
import Documents

/// The families that are known: those that the binary carries, and a user's own.
package struct FamilyCatalogue: Sendable {
  private let entries: [FamilyEntry]
  /// The families that are whole models rather than parts of others.
  let modelEntries: [FamilyEntry]

  /// - Throws: `invalid-family` when two families have one id, or a component names none.
  package init(_ families: [Family]) throws {
    try self.init(entries: families.map(FamilyEntry.init))
  }

  private init(entries: [FamilyEntry]) throws {
    let outlines = entries.map(\.outline)
    var ids: Set<String> = []
    for outline in outlines where !ids.insert(outline.id).inserted {
      throw Fault(.invalidFamily, "two families are called \"\(printable(outline.id))\"")
    }
    for outline in outlines {
      for component in outline.componentIDs where !ids.contains(component) {
        throw Fault(
          .invalidFamily,
          "family \(outline.id) has a component of unknown family \"\(printable(component))\"")
      }
    }
    self.entries = entries
    let parts = Set(outlines.flatMap(\.componentIDs))
    modelEntries = entries.filter { !parts.contains($0.outline.id) }
  }

  /// The families that the binary carries inside itself; each is read when it is needed.
  package static func builtIn() throws -> FamilyCatalogue { try sharedBuiltIn.get() }

  // One for the whole process, so that no description is read twice.
  private static let sharedBuiltIn = Result<FamilyCatalogue, any Error> {
    try FamilyCatalogue(
      entries: BuiltInZoo.families.map { name, text in
        try located(in: .init(file: name)) { try FamilyEntry(parsing: text) }
      })
  }

  /// With the families of a user's own documents, each with where it comes from.
  ///
  /// - Throws: `invalid-document` or `invalid-family` with the file and a pointer into it, also when
  ///   an id is taken already.
  package func adding(_ documents: [(origin: String, document: JSONValue)]) throws
    -> FamilyCatalogue
  {
    guard !documents.isEmpty else { return self }
    var all = entries
    for (origin, document) in documents {
      let family = try located(in: .init(file: origin)) { try Family(JSONReader(document)) }
      guard !all.contains(where: { $0.outline.id == family.id }) else {
        throw Fault(
          .invalidFamily, "there is a family called \"\(family.id)\" already",
          at: .init(file: origin, pointer: "/id"), remedy: "give this one another id")
      }
      all.append(FamilyEntry(family))
    }
    return try located(in: .init(file: documents.last?.origin)) {
      try FamilyCatalogue(entries: all)
    }
  }

  /// - Throws: what a description that the binary carries has wrong.
  package var families: [Family] { get throws { try entries.map { try $0.family() } } }

  /// - Throws: `usage` with the known ids.
  package func family(_ id: String) throws -> Family {
    guard let entry = entries.first(where: { $0.outline.id == id }) else {
      throw Fault(
        .usage, "there is no family called \"\(printable(id))\"",
        remedy: "known families: \(modelIDs.joined(separator: ", "))")
    }
    return try entry.family()
  }

  /// Like ``family(_:)`` for whole models: a part of others is none.
  package func model(_ id: String) throws -> Family {
    try modelEntry(id).family()
  }

  func modelEntry(_ id: String) throws -> FamilyEntry {
    if let entry = modelEntries.first(where: { $0.outline.id == id }) { return entry }
    throw Fault(
      .usage, "\(try family(id).title) is a part of models and no model",
      remedy: "known families: \(modelIDs.joined(separator: ", "))")
  }

  /// Like ``model(_:)`` for models of volumes.
  package func target(_ id: String) throws -> Family {
    let known = modelEntries.filter { $0.outline.dimensions == 3 }
    guard let entry = known.first(where: { $0.outline.id == id }) else {
      throw Fault(
        .usage, "there is no target called \"\(printable(id))\"",
        remedy: "say one of \(known.map(\.outline.id).joined(separator: ", "))")
    }
    return try entry.family()
  }

  package var modelIDs: [String] { modelEntries.map(\.outline.id) }

  /// - Throws: what a description that the binary carries has wrong.
  package var models: [Family] { get throws { try modelEntries.map { try $0.family() } } }

  /// A family's components that could name a tensor of the checkpoint, with their descriptions.
  func components(
    of family: Family, naming names: PrefixedNames
  ) throws -> [(Family.Component, Family)] {
    try family.components.compactMap { component in
      let entry = entries.first { $0.outline.id == component.familyID }
      guard let entry,
        component.prefixes.contains(where: {
          names.count($0, namedBy: entry.outline) > 0
        })
      else { return nil }
      return (component, try entry.family())
    }
  }
}
