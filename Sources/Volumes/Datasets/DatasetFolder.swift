import Diagnostics
import Files
import FoundationEssentials

/// A dataset as its publishers lay it out in a folder.
package struct DatasetFolder: Sendable {
  package enum Layout: String, Sendable, CaseIterable {
    /// Medical Segmentation Decathlon: a `dataset.json` that lists pairs.
    case decathlon
    /// Beyond the Cranial Vault: `img/img0001.nii.gz` beside `label/label0001.nii.gz`.
    case btcv
    /// Automated Cardiac Diagnosis Challenge: `patient001/patient001_frame01.nii.gz` beside
    /// `patient001_frame01_gt.nii.gz`.
    case acdc
  }

  package let layout: Layout
  package let path: String
  /// Names by class number, the background first: those of `dataset.json`, or the dataset's own.
  package let classes: [String]
  /// In a fixed order: that of `dataset.json`, otherwise by name.
  package let cases: [DatasetCase]

  /// Those with a reference segmentation: (image, label) pairs.
  package var labelledCases: [DatasetCase] { cases.filter { $0.label != nil } }

  /// Recognises the layout by what the folder holds.
  ///
  /// - Parameter path: the folder, or a decathlon-style JSON file.
  /// - Throws: `missing-input` when there is nothing, `unknown-dataset-layout` when the folder is laid
  ///   out otherwise, `invalid-document` for a `dataset.json` that is none.
  package init(path: String) throws {
    let place = Fault.Place(file: path)
    guard FileManager.default.fileExists(atPath: path) else {
      throw Fault(.missingInput, "there is no such folder", at: place)
    }
    self.path = path
    let isFolder = isFolder(at: path)
    let list = isFolder ? path + "/dataset.json" : path
    if !isFolder || FileManager.default.fileExists(atPath: list) {
      let document = try DecathlonList(contentsOf: list)
      layout = .decathlon
      (classes, cases) = (document.classes, document.cases)
      return
    }
    let found = FolderScan(path)
    for (layout, cases) in [(Layout.btcv, found.btcvCases), (.acdc, found.acdcCases)]
    where !cases.isEmpty {
      self.layout = layout
      self.cases = cases
      classes = try DatasetPreset.named(layout.rawValue).classes
      return
    }
    throw Fault(
      .unknownDatasetLayout, "the folder is laid out like none of the known datasets", at: place,
      remedy: "give a folder with dataset.json (Decathlon), img/ and label/ (BTCV), or "
        + "patient001/ and so on (ACDC)")
  }
}

/// The volumes in a folder, told apart by the names that BTCV and ACDC give them.
private struct FolderScan {
  private let root: String

  init(_ root: String) { self.root = root }

  /// The folders in which BTCV's archive, once unpacked, may hold a split.
  private static let splits = [
    ("training", "Training"), ("training", "RawData/Training"), ("training", ""),
    ("training", "Abdomen/RawData/Training"), ("test", "Testing"), ("test", "RawData/Testing"),
    ("test", "Abdomen/RawData/Testing"),
  ]

  var btcvCases: [DatasetCase] {
    FolderScan.splits.flatMap { split, folder in
      let base = folder.isEmpty ? root : "\(root)/\(folder)"
      return volumes(in: "\(base)/img").compactMap { file -> DatasetCase? in
        let name = stem(file)
        guard name.hasPrefix("img"), isNumber(name.dropFirst(3)) else { return nil }
        let number = name.dropFirst(3)
        let label = ["nii.gz", "nii"].map { "\(base)/label/label\(number).\($0)" }
          .first { FileManager.default.fileExists(atPath: $0) }
        return DatasetCase(name: name, split: split, image: "\(base)/img/\(file)", label: label)
      }
    }
  }

  var acdcCases: [DatasetCase] {
    let splits = [
      ("training", "training"), ("training", "database/training"), ("training", ""),
      ("test", "testing"), ("test", "database/testing"),
    ]
    return splits.flatMap { split, folder in
      let base = folder.isEmpty ? root : "\(root)/\(folder)"
      return names(in: base).filter { $0.hasPrefix("patient") && isNumber($0.dropFirst(7)) }
        .flatMap { patient in frames(of: patient, in: "\(base)/\(patient)", split: split) }
    }
  }

  /// `patient001_frame01` and its `_gt`; the 4D cine and what else lies there is passed over.
  private func frames(of patient: String, in folder: String, split: String) -> [DatasetCase] {
    let files = volumes(in: folder)
    return files.compactMap { file in
      let name = stem(file)
      guard name.hasPrefix(patient + "_frame"), isNumber(name.dropFirst(patient.utf8.count + 6))
      else { return nil }
      let label = files.first { stem($0) == name + "_gt" }
      return DatasetCase(
        name: name, split: split, image: "\(folder)/\(file)", label: label.map { "\(folder)/\($0)" }
      )
    }
  }

  private func volumes(in folder: String) -> [String] {
    names(in: folder).filter { $0.hasSuffix(".nii.gz") || $0.hasSuffix(".nii") }
  }

  private func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}

private func isNumber(_ text: Substring) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
}

/// A file's name without its folder and without `.nii` or `.nii.gz`.
func stem(_ path: String) -> String {
  var name = path.split(separator: "/").last.map(String.init) ?? path
  for ending in [".gz", ".nii"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
  return name
}
