import Kernels
import Testing

@Suite struct PatchTests {
  @Test(arguments: 0..<8)
  func patchesAgreeWithTheirPlainTwin(seed: Int) {
    var random = SeededGenerator(seed: seed)
    let extents = (0..<2).map { _ in Int.random(in: 1...3, using: &random) }
    let (channels, depth) = (extents[0], extents[1])
    let patch = (0..<2).map { _ in Int.random(in: 1...5, using: &random) }
    let (height, width) = (
      patch[0] * Int.random(in: 1...4, using: &random) + seed % 2,
      patch[1] * Int.random(in: 1...4, using: &random) + seed % 3
    )
    let volume = random.values(channels * depth * height * width)
    for slice in 0..<depth {
      let plain = Plain.patches(
        from: volume, channels: channels, depth: depth, height: height, width: width,
        slice: slice, patchHeight: patch[0], patchWidth: patch[1])
      let output = unwritten(plain.rowCount, plain.columnCount)
      extractPatches(
        from: volume, channels: channels, depth: depth, height: height, width: width,
        slice: slice, patchHeight: patch[0], patchWidth: patch[1], into: output)
      #expect(output.values == plain.values)
    }
  }

  @Test func planarValuesComeChannelByChannel() {
    let map = FeatureMap(
      height: 1, width: 3, pixels: Matrix(rows: 3, columns: 2, values: [1, 10, 2, 20, 3, 30]))
    #expect(map.planarValues == [1, 2, 3, 10, 20, 30])
    #expect(map.channels(1..<2).planarValues == [10, 20, 30])
  }
}
