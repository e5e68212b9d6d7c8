import Diagnostics
import Files
import FoundationEssentials

/// A NIfTI-1 or NIfTI-2 file whose header is checked; `.nii` and `.nii.gz` are told apart by content.
package struct NIfTIFile: Sendable {
  package let header: NIfTIHeader
  private let file: MappedFile

  /// So many bytes may follow the voxels in a gzip file, beside as many as the voxels themselves
  /// fill, before its trailer is given up.
  private static let forgivenByteCount = 1 << 20

  /// Three quarters of the machine's memory.
  package static var defaultByteLimit: Int {
    Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3)
  }

  /// - Parameter byteLimit: how much memory the voxels may fill, at 4 bytes each.
  /// - Throws: the faults of files and headers; `over-limit` when the volume is too large.
  package init(path: String, byteLimit: Int = defaultByteLimit) throws {
    let file = try MappedFile(path: path)
    self.file = file
    header = try located(in: .init(file: path)) {
      let stream = try openByteStream(file)
      var reader = ChunkReader(stream)
      let header = try NIfTIHeader(parsing: reader.header())
      try NIfTIFile.checkSize(header, largest: stream.largestByteCount, limit: byteLimit)
      return header
    }
  }

  /// The one channel of a plain volume.
  ///
  /// - Throws: `multi-channel-volume`, `truncated-volume`, `corrupt-gzip`, `non-finite-voxel`.
  package func volume() throws -> Volume {
    try located(in: .init(file: file.path)) {
      try requireOneChannel()
      return try channels()[0]
    }
  }

  /// Each channel as a volume of its own: the fourth dimension's, and of a voxel that consists of
  /// several numbers (complex, colours) each.
  package func channels() throws -> [Volume] {
    let decoder = VoxelDecoder(header)
    return try located(in: .init(file: file.path)) {
      let (stream, first) = try voxelStream()
      var reader = first
      let volumes = try (0..<header.frameCount).flatMap { _ in
        let values = try decode(&reader, placeholder: Float.self) { bytes, output, _ in
          decoder.decodeIntensities(bytes, into: output)
        }
        return try separated(values).map { try Volume(geometry: header.geometry, values: $0) }
      }
      try finish(stream)
      return volumes
    }
  }

  /// The voxels as class numbers, whatever type they are stored in.
  ///
  /// - Throws: as `volume()`, and `invalid-label` for the first voxel that is no whole number from 0.
  package func labels() throws -> LabelVolume {
    let decoder = VoxelDecoder(header)
    return try located(in: .init(file: file.path)) {
      try requireOneChannel()
      let (stream, first) = try voxelStream()
      var reader = first
      let labels = try decode(&reader, placeholder: Int32.self) { bytes, output, start in
        guard let bad = decoder.decodeLabels(bytes, into: output) else { return }
        throw Fault(
          .invalidLabel,
          "voxel \(header.extents.voxelName(at: start + bad.index)) has the label \(bad.value)",
          remedy: "labels are whole numbers from 0; is this an intensity volume?")
      }
      try finish(stream)
      return try LabelVolume(geometry: header.geometry, labels: labels)
    }
  }

  /// The numbers of each voxel, which the file keeps together, as channels.
  private func separated(_ values: [Float]) -> [[Float]] {
    let count = header.voxelType.componentCount
    guard count > 1 else { return [values] }
    return (0..<count).map { component in
      stride(from: component, to: values.count, by: count).map { values[$0] }
    }
  }

  private func requireOneChannel() throws {
    guard header.channelCount == 1 else {
      let layout = HeaderLayout.of(header.version)
      throw Fault(
        .multiChannelVolume, "the volume has \(header.channelCount) channels, expected is one",
        at: .init(byteOffset: UInt64(layout.dimensions + 4 * layout.countWidth)),
        remedy: "take one channel out of it, for instance with nibabel's slicer")
    }
  }

  private func voxelStream() throws -> (any ByteStream, ChunkReader) {
    let stream = try openByteStream(file)
    var reader = ChunkReader(stream)
    try reader.skip(to: header)
    return (stream, reader)
  }

  private func finish(_ stream: any ByteStream) throws {
    let allowance = header.voxelByteCount.addingReportingOverflow(NIfTIFile.forgivenByteCount)
    try stream.finish(limit: allowance.overflow ? Int.max : allowance.partialValue)
  }

  /// One frame, decoded chunk by chunk into memory that is filled once.
  private func decode<Value: BitwiseCopyable>(
    _ reader: inout ChunkReader, placeholder: Value.Type,
    _ convert: (RawSpan, UnsafeMutableBufferPointer<Value>, _ start: Int) throws -> Void
  ) throws -> [Value] {
    let width = header.voxelType.component.byteCount
    let count = header.extents.voxelCount * header.voxelType.componentCount
    return try [Value](unsafeUninitializedCapacity: count) { output, initialised in
      var start = 0
      try reader.forEachChunk(of: count * width) { bytes in
        let end = start + bytes.byteCount / width
        try convert(bytes, UnsafeMutableBufferPointer(rebasing: output[start..<end]), start)
        start = end
      }
      initialised = count
    }
  }

  private static func checkSize(_ header: NIfTIHeader, largest: Int, limit: Int) throws {
    guard header.voxelOffset <= largest else {
      throw Fault(
        .invalidVoxelOffset,
        "vox_offset is \(header.voxelOffset), the file holds at most \(largest) bytes",
        at: .init(byteOffset: UInt64(HeaderLayout.of(header.version).voxelOffset)))
    }
    let end = header.voxelOffset + header.voxelByteCount
    guard end <= largest else {
      throw Fault(
        .truncatedVolume,
        "the header announces \(end) bytes, the file holds at most \(largest)",
        remedy: "copy or download the file again")
    }
    let voxelCount = header.voxelByteCount / header.voxelType.component.byteCount
    guard voxelCount <= limit / MemoryLayout<Float>.size else {
      throw Fault(
        .overLimit, "\(voxelCount) voxels need more memory than the \(limit) bytes allowed",
        remedy: "crop the volume, or use a machine with more memory")
    }
  }
}

extension Volume {
  /// Reads a single-channel NIfTI file; see ``NIfTIFile``.
  package init(contentsOf path: String) throws { self = try NIfTIFile(path: path).volume() }
}

extension LabelVolume {
  /// Reads a NIfTI file of class numbers; see ``NIfTIFile``.
  package init(contentsOf path: String) throws { self = try NIfTIFile(path: path).labels() }
}
