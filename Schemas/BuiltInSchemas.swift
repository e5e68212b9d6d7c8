/// The JSON Schemas (2020-12) of every document that the tool reads or writes, which the binary
/// carries inside itself.
package enum BuiltInSchemas {
  /// Each the text of one `*.schema.json`, under its name without that ending.
  package static var all: [(name: String, text: [UInt8])] {
    [
      ("conversion-report", PackageResources.conversion_report_schema_json),
      ("difference", PackageResources.difference_schema_json),
      ("family", PackageResources.family_schema_json),
      ("inspection", PackageResources.inspection_schema_json),
      ("mirror-index", PackageResources.mirror_index_schema_json),
      ("model-entry", PackageResources.model_entry_schema_json),
      ("plan", PackageResources.plan_schema_json),
      ("recipe", PackageResources.recipe_schema_json),
      ("verification-report", PackageResources.verification_report_schema_json),
    ]
  }

  /// The text of one schema; nil when there is none of this name.
  package static func text(of name: String) -> [UInt8]? {
    all.first { $0.name == name }?.text
  }
}
