import Diagnostics
import Foundation
import Testing

@testable import Volumes

@Suite("Folders as datasets' publishers lay them out")
struct DatasetFolderTests {
  private func make(_ files: [String], in folder: URL) throws {
    for file in files {
      let place = folder.appending(path: file)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: place)
    }
  }

  @Test("BTCV: images and labels by number, wherever the archive was unpacked")
  func btcv() throws {
    for base in ["Training/", "RawData/Training/", ""] {
      try withTemporaryFolder { folder in
        try make(
          [
            base + "img/img0002.nii.gz", base + "img/img0001.nii.gz",
            base + "label/label0001.nii.gz", base + "label/label0002.nii.gz",
            base + "img/notes.nii.gz", base + "img/img0003.txt",
          ], in: folder)
        let found = try DatasetFolder(path: folder.path)
        #expect(found.layout == .btcv)
        #expect(found.cases.map(\.name) == ["img0001", "img0002"])
        #expect(found.classes.count == 14 && found.classes[6] == "liver")
        #expect(found.labelledCases.count == 2)
        #expect(found.cases[0].label?.hasSuffix("label/label0001.nii.gz") == true)
        #expect(found.cases[0].split == "training")
      }
    }
  }

  @Test("BTCV: test images have no labels")
  func btcvTest() throws {
    try withTemporaryFolder { folder in
      try make(
        [
          "Training/img/img0001.nii", "Training/label/label0001.nii", "Testing/img/img0061.nii.gz",
        ], in: folder)
      let found = try DatasetFolder(path: folder.path)
      #expect(found.cases.map(\.split) == ["training", "test"])
      #expect(found.labelledCases.map(\.name) == ["img0001"])
    }
  }

  @Test("ACDC: the two labelled frames of each patient, not the cine")
  func acdc() throws {
    try withTemporaryFolder { folder in
      let patient = "training/patient001/patient001"
      try make(
        [
          patient + "_4d.nii.gz", patient + "_frame01.nii.gz", patient + "_frame01_gt.nii.gz",
          patient + "_frame12.nii.gz", patient + "_frame12_gt.nii.gz",
          "training/patient001/Info.cfg", "testing/patient101/patient101_frame01.nii.gz",
        ], in: folder)
      let found = try DatasetFolder(path: folder.path)
      #expect(found.layout == .acdc)
      #expect(
        found.cases.map(\.name) == [
          "patient001_frame01", "patient001_frame12", "patient101_frame01",
        ])
      #expect(found.labelledCases.map(\.name) == ["patient001_frame01", "patient001_frame12"])
      #expect(found.cases[0].label?.hasSuffix("patient001_frame01_gt.nii.gz") == true)
    }
  }

  static let list = """
    {"name": "Liver", "modality": {"0": "CT"}, "labels": {"0": "background", "1": "liver"},
     "training": [{"image": "./imagesTr/liver_0.nii.gz", "label": "./labelsTr/liver_0.nii.gz"}],
     "test": ["./imagesTs/liver_1.nii.gz"]}
    """

  @Test("Decathlon: pairs, test images, modalities and classes out of dataset.json")
  func decathlon() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "dataset.json")
      try Data(DatasetFolderTests.list.utf8).write(to: file)
      for path in [folder.path, file.path] {
        let found = try DatasetFolder(path: path)
        #expect(found.layout == .decathlon)
        #expect(found.cases.map(\.name) == ["liver_0", "liver_1"])
        #expect(found.classes == ["background", "liver"])
        #expect(found.cases.map(\.split) == ["training", "test"])
        #expect(found.cases[0].image == folder.path + "/imagesTr/liver_0.nii.gz")
        #expect(found.labelledCases.count == 1)
      }
      let list = try DecathlonList(contentsOf: file.path)
      #expect(list.modalities == ["CT"])
      #expect(list.classes == ["background", "liver"])
    }
  }

  @Test(
    "lists that lead out of their folder or are none are refused",
    arguments: [
      (#"./imagesTr/liver_0.nii.gz"#, "../../etc/passwd"),
      (#"./imagesTr/liver_0.nii.gz"#, "/etc/passwd"), (#"./imagesTr/liver_0.nii.gz"#, "."),
      (#""1": "liver""#, #""2": "liver""#), (#""training""#, #""trainig""#), ("}]", "}"),
    ])
  func hostileLists(what: String, replacement: String) throws {
    let spoilt = DatasetFolderTests.list.replacingOccurrences(of: what, with: replacement)
    #expect(spoilt != DatasetFolderTests.list)
    try withTemporaryFolder { folder in
      try Data(spoilt.utf8).write(to: folder.appending(path: "dataset.json"))
      let fault = try fault { _ = try DatasetFolder(path: folder.path) }
      #expect(fault.code.exitStatus == .invalidData)
      #expect(fault.place.file?.hasSuffix("dataset.json") == true)
    }
  }

  @Test("a folder of another layout and one that is not there are told apart")
  func unknown() throws {
    try withTemporaryFolder { folder in
      try make(["scans/a.nii.gz"], in: folder)
      try expectFault(.unknownDatasetLayout) { _ = try DatasetFolder(path: folder.path) }
      let missing = folder.appending(path: "nowhere").path
      try expectFault(.missingInput) { _ = try DatasetFolder(path: missing) }
    }
  }
}
