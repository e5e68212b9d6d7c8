import Diagnostics
import Documents
import Inflation

/// What `--recipe` names.
enum RecipeOption {
  /// The built-in recipe of this name, or else the one in the file at this path.
  ///
  /// - Throws: `usage` with the known names when it is neither.
  static func recipe(_ text: String?) throws -> Recipe? {
    guard let text else { return nil }
    if let recipe = try Recipe.builtIn(text) { return recipe }
    guard text.contains("/") || text.hasSuffix(".json") else {
      throw Fault(
        .usage, "there is no recipe called \"\(printable(text))\"",
        remedy: "name a file, or one of \(Recipe.builtInIDs.joined(separator: ", "))")
    }
    return try located(in: .init(file: text)) {
      try Recipe(JSONReader(UserDocuments.document(at: text)))
    }
  }
}
