import BuiltInZoo
import Diagnostics
import Documents

/// A source, a target and options that are known to work together: data, read from
/// `Zoo/Recipes/*.json` or from a user's own file.
package struct Recipe: Sendable {
  package let id: String
  package let title: String
  /// The families whose checkpoints it is for.
  package let sourceFamilies: [String]
  /// Entries of the zoo that it is known to work with.
  package let models: [String]
  package let target: String
  /// Attention heads, one number or one for each stage, where the source's tensors do not tell.
  package let heads: [Int]?
  package let options: ConversionOptions

  /// - Throws: `invalid-document`, or what an option's own reading throws, with a pointer into the
  ///   document.
  package init(_ document: JSONReader) throws {
    try document.allowOnlyStated([
      "$schema", "formatVersion", "id", "title", "source", "target", "options",
    ])
    _ = try document.member("formatVersion").integer(in: 1...1)
    _ = try document.optionalMember("$schema")?.string()
    id = try document.member("id").familyID()
    title = try document.member("title").text(1...200)
    let source = try document.member("source")
    try source.allowOnlyStated(["families", "models"])
    sourceFamilies = try source.member("families").elements().map { try $0.familyID() }
    guard !sourceFamilies.isEmpty else {
      throw try source.member("families").fault("the list is empty")
    }
    models = try source.optionalMember("models")?.elements().map { try $0.familyID() } ?? []
    target = try document.member("target").familyID()
    let chosen = try document.optionalMember("options")
    heads = try chosen?.optionalMember("heads")?.numbers(in: 1...1 << 12)
    options = try chosen.map(ConversionOptions.init(recipe:)) ?? ConversionOptions()
  }

  /// - Throws: `unsuitable-recipe` when the recipe is not for checkpoints of the family.
  package func check(isFor family: String) throws {
    guard !sourceFamilies.contains(family) else { return }
    throw Fault(
      .unsuitableRecipe,
      "the recipe \(id) is for \(sourceFamilies.joined(separator: ", ")), not for \(family)",
      remedy: "choose another recipe, or give its options yourself")
  }
}

extension Recipe {
  /// Those that the binary carries inside itself, by their ids.
  package static func builtIn(_ id: String) throws -> Recipe? {
    guard let (name, text) = BuiltInZoo.recipes.first(where: { $0.name == id }) else { return nil }
    return try located(in: .init(file: name)) {
      try Recipe(JSONReader(JSONValue(parsing: text)))
    }
  }

  /// The ids of those that the binary carries, sorted.
  package static var builtInIDs: [String] { BuiltInZoo.recipes.map(\.name).sorted() }
}

extension Fault.Code {
  package static let unsuitableRecipe = Fault.Code("unsuitable-recipe", exit: .usage)
}
