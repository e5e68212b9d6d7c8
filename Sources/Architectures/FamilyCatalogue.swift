import BuiltInZoo
import Diagnostics
import Documents

/// The families that are known: those that the binary carries, and a user's own.
package struct FamilyCatalogue: Sendable {
  package let families: [Family]

  /// - Throws: `invalid-family` when two families have one id, or a component names none.
  package init(_ families: [Family]) throws {
    var ids: Set<String> = []
    for family in families where !ids.insert(family.id).inserted {
      throw Fault(.invalidFamily, "two families are called \"\(printable(family.id))\"")
    }
    for family in families {
      for component in family.components where !ids.contains(component.familyID) {
        throw Fault(
          .invalidFamily,
          "family \(family.id) has a component of unknown family \"\(printable(component.familyID))\""
        )
      }
    }
    self.families = families
  }

  /// The families that the binary carries inside itself.
  package static func builtIn() throws -> FamilyCatalogue {
    try FamilyCatalogue(
      BuiltInZoo.families.map { name, text in
        try located(in: .init(file: name)) { try Family(JSONReader(JSONValue(parsing: text))) }
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
    var all = families
    for (origin, document) in documents {
      let family = try located(in: .init(file: origin)) { try Family(JSONReader(document)) }
      guard !all.contains(where: { $0.id == family.id }) else {
        throw Fault(
          .invalidFamily, "there is a family called \"\(family.id)\" already",
          at: .init(file: origin, pointer: "/id"), remedy: "give this one another id")
      }
      all.append(family)
    }
    return try located(in: .init(file: documents.last?.origin)) { try FamilyCatalogue(all) }
  }

  /// - Throws: `usage` with the known ids.
  package func family(_ id: String) throws -> Family {
    guard let family = families.first(where: { $0.id == id }) else {
      throw Fault(
        .usage, "there is no family called \"\(printable(id))\"",
        remedy: "known families: \(models.map(\.id).joined(separator: ", "))")
    }
    return family
  }

  /// Like ``family(_:)`` for whole models: a part of others is none.
  package func model(_ id: String) throws -> Family {
    let found = try family(id)
    guard models.contains(where: { $0.id == id }) else {
      throw Fault(
        .usage, "\(found.title) is a part of models and no model",
        remedy: "known families: \(models.map(\.id).joined(separator: ", "))")
    }
    return found
  }

  /// Like ``model(_:)`` for models of volumes.
  package func target(_ id: String) throws -> Family {
    let known = models.filter { $0.dimensions == 3 }
    guard let family = known.first(where: { $0.id == id }) else {
      throw Fault(
        .usage, "there is no target called \"\(printable(id))\"",
        remedy: "say one of \(known.map(\.id).joined(separator: ", "))")
    }
    return family
  }

  /// The families that are whole models rather than parts of others.
  package var models: [Family] {
    let parts = Set(families.flatMap { $0.components.map(\.familyID) })
    return families.filter { !parts.contains($0.id) }
  }
}
