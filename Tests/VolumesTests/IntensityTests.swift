import Diagnostics
import Testing

@testable import Volumes

@Suite("Normalising intensities")
struct IntensityTests {
  struct Expected: Decodable {
    let nonzero: Bool
    let shape: [Int]
    let values: [Float]
    let result: [Float]
  }

  @Test("z-scores are MONAI's, with zeros and without")
  func zScores() throws {
    var moved = false
    for expected in try fixtureDocument("intensity.json", as: [Expected].self) {
      let grid = try geometry(expected.shape[0], expected.shape[1], expected.shape[2])
      let volume = try Volume(geometry: grid, values: expected.values)
      let found = try ZScore(ignoringZeros: expected.nonzero).normalised(volume)
      for (value, wanted) in zip(found.values, expected.result) {
        #expect(abs(value - wanted) <= 1e-5)
      }
      // Taking zeros in where they are to be left out would be noticed.
      let other = try ZScore(ignoringZeros: !expected.nonzero).normalised(volume)
      moved = moved || zip(other.values, expected.result).contains { abs($0 - $1) > 1e-2 }
    }
    #expect(moved)
  }

  @Test("presets carry the paper's clip ranges")
  func presets() throws {
    let ranges = [
      "btcv": "-175.0,250.0", "acdc": "-175.0,250.0", "msd-02-heart": "601.0,1511.0",
      "msd-03-liver": "-175.0,250.0", "msd-05-prostate": "0.0,2152.0",
    ]
    for (name, range) in ranges {
      #expect(try DatasetPreset.named(name.uppercased()).intensities.description == range)
    }
    #expect(DatasetPreset.all.count == 12)
    #expect(Set(DatasetPreset.all.map(\.name)).count == 12)
    #expect(try DatasetPreset.named("btcv").classes.count == 14)
    let fault = try fault { _ = try DatasetPreset.named("brats") }
    #expect(fault.code == .usage)
    #expect(fault.remedy?.contains("msd-03-liver") == true)
  }
}
