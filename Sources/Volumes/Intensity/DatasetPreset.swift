import Diagnostics

/// How the paper's code prepares one of its datasets, and what the classes are.
package struct DatasetPreset: Sendable, Hashable {
  /// As on the command line: `btcv`, `acdc`, `msd-03-liver`.
  package let name: String
  package let title: String
  /// The paper's clip range, mapped to 0…1.
  package let intensities: IntensityWindow
  /// The size to which the paper resizes each slice.
  package let imageSize: PlaneSize
  /// The modalities, in the file's order.
  package let channels: [String]
  /// By class number, the background first.
  package let classes: [String]

  private init(
    _ name: String, _ title: String, clip: (low: Float, high: Float) = (-175, 250),
    side: Int = 512, channels: [String] = ["CT"], classes: [String]
  ) {
    self.name = name
    self.title = title
    intensities = IntensityWindow(uncheckedLow: clip.low, high: clip.high)
    imageSize = PlaneSize(height: side, width: side)
    self.channels = channels
    self.classes = ["background"] + classes
  }

  /// The paper's twelve datasets; ranges, sizes and counts from its training scripts, the classes'
  /// names from the datasets.
  package static let all: [DatasetPreset] = [
    DatasetPreset(
      "btcv", "Beyond the Cranial Vault",
      classes: [
        "spleen", "right kidney", "left kidney", "gallbladder", "oesophagus", "liver", "stomach",
        "aorta", "inferior vena cava", "portal and splenic veins", "pancreas",
        "right adrenal gland", "left adrenal gland",
      ]),
    DatasetPreset(
      "acdc", "Automated Cardiac Diagnosis Challenge", channels: ["MRI"],
      classes: ["right ventricular cavity", "myocardium", "left ventricular cavity"]),
    DatasetPreset(
      "msd-01-braintumour", "Medical Segmentation Decathlon: brain tumours",
      clip: (-1_000_000, 1_000_000), side: 240, channels: ["FLAIR", "T1w", "t1gd", "T2w"],
      classes: ["oedema", "non-enhancing tumour", "enhancing tumour"]),
    DatasetPreset(
      "msd-02-heart", "Medical Segmentation Decathlon: heart", clip: (601, 1511), side: 320,
      channels: ["MRI"], classes: ["left atrium"]),
    DatasetPreset(
      "msd-03-liver", "Medical Segmentation Decathlon: liver", classes: ["liver", "cancer"]),
    DatasetPreset(
      "msd-04-hippocampus", "Medical Segmentation Decathlon: hippocampus", clip: (29, 205_431),
      side: 240, channels: ["MRI"], classes: ["anterior", "posterior"]),
    DatasetPreset(
      "msd-05-prostate", "Medical Segmentation Decathlon: prostate", clip: (0, 2152), side: 320,
      channels: ["T2", "ADC"], classes: ["peripheral zone", "transition zone"]),
    DatasetPreset("msd-06-lung", "Medical Segmentation Decathlon: lung", classes: ["cancer"]),
    DatasetPreset(
      "msd-07-pancreas", "Medical Segmentation Decathlon: pancreas",
      classes: ["pancreas", "cancer"]),
    DatasetPreset(
      "msd-08-hepaticvessel", "Medical Segmentation Decathlon: hepatic vessels",
      classes: ["vessel", "tumour"]),
    DatasetPreset("msd-09-spleen", "Medical Segmentation Decathlon: spleen", classes: ["spleen"]),
    DatasetPreset(
      "msd-10-colon", "Medical Segmentation Decathlon: colon", classes: ["colon cancer primaries"]),
  ]

  /// - Throws: `usage`, listing the names there are.
  package static func named(_ name: String) throws -> DatasetPreset {
    guard let preset = all.first(where: { $0.name == name.lowercased() }) else {
      throw Fault(
        .usage, "\"\(printable(name))\" is no preset",
        remedy: "choose one of \(all.map(\.name).joined(separator: ", "))")
    }
    return preset
  }
}
