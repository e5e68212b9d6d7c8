import Diagnostics
import Testing

@testable import Volumes

@Suite("Resizing planes and normalising intensities")
struct ResamplingTests {
  struct Expected: Decodable {
    let source: [Int]
    let target: [Int]
    let values: [Float]
    let bilinear: [Float]
    let nearest: [Float]

    var sizes: (PlaneSize, PlaneSize) {
      (
        PlaneSize(height: source[0], width: source[1]),
        PlaneSize(height: target[0], width: target[1])
      )
    }
  }

  @Test("bilinear is torch's, half-pixel centres and all")
  func bilinear() throws {
    for expected in try fixtureDocument("resampling.json", as: [Expected].self) {
      let (source, target) = expected.sizes
      let resampler = BilinearResampler(from: source, to: target)
      let plane = resampler.resized(Plane(size: source, values: expected.values))
      #expect(plane.size == target)
      for (found, wanted) in zip(plane.values, expected.bilinear) {
        #expect(abs(found - wanted) <= 1e-6)
      }
      if source == target { #expect(plane.values == expected.values) }
      // The same pixels turned around would be noticed.
      if source != target, target.pixelCount > 1 {
        let turned = resampler.resized(Plane(size: source, values: expected.values.reversed()))
        #expect(zip(turned.values, expected.bilinear).contains { abs($0 - $1) > 1e-3 })
      }
    }
  }

  @Test("nearest is torch's nearest-exact")
  func nearest() throws {
    for expected in try fixtureDocument("resampling.json", as: [Expected].self) {
      let (source, target) = expected.sizes
      let resampler = NearestResampler(from: source, to: target)
      #expect(resampler.resized(expected.values) == expected.nearest)
    }
  }

  @Test("intensities are mapped to 0…1 and clipped")
  func window() throws {
    let window = try IntensityWindow(parsing: "-175, 250")
    #expect(window.normalised(-175) == 0)
    #expect(window.normalised(250) == 1)
    #expect(window.normalised(37.5) == 0.5)
    #expect(window.normalised(-3e38) == 0)
    #expect(window.normalised(3e38) == 1)
    #expect(window == (try IntensityWindow(low: -175, high: 250)))
    #expect(window.description == "-175.0,250.0")
  }

  @Test(
    "what is no window is refused",
    arguments: ["", "1", "1,2,3", "a,b", "2,1", "1,1", "nan,1", "0,inf", "-3e38,3e38", ",", "0,"])
  func noWindow(text: String) throws {
    try expectFault(.usage) { _ = try IntensityWindow(parsing: text) }
  }
}
