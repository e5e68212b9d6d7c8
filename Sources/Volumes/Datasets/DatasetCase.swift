/// One patient's image, and its reference segmentation where the dataset has one.
package struct DatasetCase: Sendable, Hashable {
  /// Short and unique in its dataset: `img0001`, `patient001_frame01`, `liver_0`.
  package let name: String
  /// Which part of the dataset it belongs to: `training`, `validation`, `test`.
  package let split: String
  package let image: String
  package let label: String?
}
