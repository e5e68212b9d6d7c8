/// The entries, families and recipes that the binary carries inside itself, so that it works copied
/// alone to another machine. A test compares these lists with the folders beside this file.
package enum BuiltInZoo {
  /// Published 2D checkpoints, each the text of one `Models/*.json`.
  package static var models: [(name: String, text: [UInt8])] { [] }
  /// How families name and shape their tensors, each the text of one `Families/*.json`.
  package static var families: [(name: String, text: [UInt8])] {
    [
      ("beit", PackageResources.beit_json),
      ("transseg-beit", PackageResources.transseg_beit_json),
      ("upernet", PackageResources.upernet_json),
    ]
  }
}
