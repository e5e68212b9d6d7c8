import Diagnostics
import Segmenter
import Tensors
import Volumes

/// A model set to work on whole volumes, slice by slice: the paper's scheme for a 3D model, and the
/// plain one for a 2D model, whose window is one slice deep.
package struct VolumeSegmenter: Sendable {
  private let model: SegmentationModel
  private let segmentation: SliceSegmentation
  package let classCount: Int

  /// - Throws: `unsupported-model` when the checkpoint has no decoder.
  package init(model: SegmentationModel, intensities: IntensityWindow) throws {
    guard let logitsExtents = model.logitsExtents else {
      throw Fault(
        .invalidData, "the checkpoint has no decoder and cannot segment",
        remedy: "convert it again with a decoder")
    }
    self.model = model
    classCount = logitsExtents[0]
    segmentation = try SliceSegmentation(
      windowDepth: model.windowExtents[1],
      imageSize: PlaneSize(height: model.windowExtents[2], width: model.windowExtents[3]),
      intensities: intensities)
  }

  package func segment(
    _ volume: Volume, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> LabelVolume {
    try segmentation.segment(volume, progress: progress) { planes in
      let window = try FloatTensor(
        shape: Shape([1, planes.count, planes[0].height, planes[0].width]),
        values: planes.flatMap(\.values))
      let logits = try model.logits(for: window)
      return try ClassScores(
        classCount: logits.shape[0],
        size: PlaneSize(height: logits.shape[1], width: logits.shape[2]), values: logits.values)
    }
  }
}

extension Fault.Code {
  package static let invalidData = Fault.Code("invalid-data", exit: .invalidData)
}
