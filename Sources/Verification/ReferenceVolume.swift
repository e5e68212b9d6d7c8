import Diagnostics
import Volumes

/// A labelled scan to try a segmenter on, named by its files and read when its turn comes: of many,
/// one at a time is in memory.
package struct ReferenceVolume: Sendable {
  /// As the user named it.
  package let name: String
  package let preparation: VolumePreparation
  private let read: @Sendable () throws -> (channels: [Volume], labels: LabelVolume)

  package init(imagePath: String, labelPath: String, preparation: VolumePreparation) {
    name = imagePath
    self.preparation = preparation
    read = {
      (try NIfTIFile(path: imagePath).channels(), try LabelVolume(contentsOf: labelPath))
    }
  }

  /// A scan that is in memory already.
  package init(
    name: String, channels: [Volume], labels: LabelVolume, preparation: VolumePreparation
  ) {
    self.name = name
    self.preparation = preparation
    read = { (channels, labels) }
  }

  /// - Throws: the faults of files, `extents-mismatch` when the labels are another scan's.
  func contents() throws -> (channels: [Volume], labels: LabelVolume) {
    let (channels, labels) = try read()
    if let channel = channels.first {
      try labels.check(belongingTo: channel, at: .init(file: name))
    }
    return (channels, labels)
  }
}
