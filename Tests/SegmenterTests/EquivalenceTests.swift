import Architectures
import Segmenter
import Tensors
import Testing

/// What an inflated model owes the image model it came from.
@Suite struct EquivalenceTests {
  /// The image model that a volume model's tensors make with an image kernel.
  private func imageModel(_ golden: Golden, kernel: FloatTensor) throws -> SegmentationModel {
    var source = try golden.source()
    source.removeAll { $0.hasSuffix("relative_position_index") }
    try source.replace("encoder.patch_embed.proj.weight", with: kernel)
    return try segmenter(source, RecognitionHints(familyID: "beit"))
  }

  private func middleSlice(of window: FloatTensor) throws -> FloatTensor {
    let (depth, height, width) = (window.shape[1], window.shape[2], window.shape[3])
    let start = depth / 2 * height * width
    return try FloatTensor(
      shape: Shape([1, 1, height, width]),
      values: Array(window.values[start..<start + height * width]))
  }

  @Test(arguments: ["beit", "beit_shared"])
  func centredKernelGivesTheBitsOfTheImageModel(folder: String) throws {
    let golden = Golden(folder: folder, strategy: "centering")
    let window = try golden.window()
    let volumeLogits = try segmenter(golden.source()).logits(for: window)
    let kernel = try golden.source().floats(of: SourceKey("encoder.patch_embed.proj.weight"))
    let area = kernel.shape[3] * kernel.shape[4]
    var middle: [Float] = []
    for output in 0..<kernel.shape[0] {
      let start = (output * 5 + 2) * area
      middle += kernel.values[start..<start + area]
    }
    let image = try imageModel(
      golden,
      kernel: FloatTensor(
        shape: Shape([kernel.shape[0], 1, kernel.shape[3], kernel.shape[4]]), values: middle))
    #expect(try image.logits(for: middleSlice(of: window)) == volumeLogits)
  }

  /// The image model reads RGB and gets the grey slice in all three channels.
  @Test(arguments: ["beit", "beit_shared"])
  func centredKernelGivesTheBitsOfTheRGBModelOnGrey(folder: String) throws {
    let golden = Golden(folder: folder, strategy: "centering")
    let window = try golden.window()
    let kernel = try golden.image2D().floats(of: SourceKey("patch_embed.proj.weight"))
    #expect(kernel.shape.extents == [32, 3, 16, 16])
    let image = try imageModel(golden, kernel: kernel)
    let slice = try middleSlice(of: window)
    let logits = try image.logits(for: slice)
    #expect(try segmenter(golden.source()).logits(for: window) == logits)
    let colours = try FloatTensor(
      shape: Shape([3, 1, 96, 96]), values: slice.values + slice.values + slice.values)
    #expect(try relativeDistance(image.logits(for: colours), logits) <= 1e-5)
  }

  @Test(arguments: ["beit", "beit_shared"])
  func averagedKernelAgreesOnAVolumeConstantInDepth(folder: String) throws {
    let golden = Golden(folder: folder, strategy: "inflation")
    let slice = try middleSlice(of: golden.window())
    let constant = try FloatTensor(
      shape: Shape([1, 5, 96, 96]), values: (0..<5).flatMap { _ in slice.values })
    let kernel = try golden.image2D().floats(of: SourceKey("patch_embed.proj.weight"))
    let image = try imageModel(golden, kernel: kernel)
    let volume = try segmenter(golden.source())
    #expect(
      try relativeDistance(volume.logits(for: constant), image.logits(for: slice))
        <= forwardPassBound)
  }
}
