import CZlib
import Diagnostics

extension HDF5FilterPipeline {
  private func applies(_ filter: Filter, skipped: UInt32) -> Bool {
    filters.firstIndex(of: filter).map { !HDF5FilterPipeline.isSkipped($0, skipped) } ?? false
  }

  /// Whether `stored` bytes can be a chunk of `byteCount` after the filters. Deflate has a best
  /// ratio; the others leave no choice.
  func canStore(_ byteCount: Int, in stored: Int, skipped: UInt32) -> Bool {
    let plain = byteCount + (applies(.fletcher32, skipped: skipped) ? 4 : 0)
    return applies(.deflate, skipped: skipped)
      ? stored >= plain / HDF5Limits.deflateRatio : stored == plain
  }

  /// Undoes the filters, the last one first.
  ///
  /// - Parameter byteCount: what the decoded chunk has to have; nothing larger is ever made.
  /// - Throws: `hdf5-chunk` when the bytes do not decode to that.
  func decode(
    _ stored: RawSpan, skipped: UInt32, byteCount: Int, elementByteCount: Int
  ) throws -> [UInt8] {
    var bytes = [UInt8](copying: stored)
    for (index, filter) in filters.enumerated().reversed()
    where !HDF5FilterPipeline.isSkipped(index, skipped) {
      switch filter {
      case .deflate:
        // A checksum that was added before compression is part of what was compressed.
        let checksum = filters[..<index].enumerated().contains {
          $1 == .fletcher32 && !HDF5FilterPipeline.isSkipped($0, skipped)
        }
        bytes = try HDF5FilterPipeline.inflate(bytes, byteCount: byteCount + (checksum ? 4 : 0))
      case .shuffle:
        bytes = HDF5FilterPipeline.unshuffle(bytes, elementByteCount: elementByteCount)
      case .fletcher32:
        bytes = try HDF5FilterPipeline.verified(bytes)
      }
    }
    guard bytes.count == byteCount else {
      throw Fault(.hdf5Chunk, "a chunk decodes to \(bytes.count) bytes instead of \(byteCount)")
    }
    return bytes
  }

  private static func isSkipped(_ index: Int, _ mask: UInt32) -> Bool {
    index < 32 && mask >> UInt32(index) & 1 != 0
  }

  /// Inflates a zlib stream that has to fill `byteCount` bytes, no more and no fewer.
  private static func inflate(_ bytes: [UInt8], byteCount: Int) throws -> [UInt8] {
    var status = Z_OK
    var consumed = uLong(bytes.count)
    let inflated = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
      var produced = uLong(byteCount)
      // zlib refuses a null destination, which an empty buffer has.
      status = bytes.withUnsafeBufferPointer { source in
        guard let start = buffer.baseAddress, let source = source.baseAddress else {
          return Z_DATA_ERROR
        }
        return uncompress2(start, &produced, source, &consumed)
      }
      initializedCount = status == Z_OK ? Int(produced) : 0
    }
    guard status == Z_OK, inflated.count == byteCount, consumed == uLong(bytes.count) else {
      throw Fault(
        .hdf5Chunk, "a chunk does not inflate to exactly \(byteCount) bytes",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    return inflated
  }

  private static func unshuffle(_ bytes: [UInt8], elementByteCount: Int) -> [UInt8] {
    let count = bytes.count / elementByteCount
    guard elementByteCount > 1, count > 1 else { return bytes }
    // Bytes beyond the last whole element stay where they are.
    var result = bytes
    bytes.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        for place in 0..<elementByteCount {
          let plane = place * count
          for index in 0..<count {
            target[index * elementByteCount + place] = source[plane + index]
          }
        }
      }
    }
    return result
  }

  private static func verified(_ bytes: [UInt8]) throws -> [UInt8] {
    let count = bytes.count - 4
    guard count >= 0,
      bytes[count...].reversed().reduce(UInt32(0), { $0 << 8 | UInt32($1) })
        == HDF5Checksum.fletcher32(bytes[..<count])
    else {
      throw Fault(
        .hdf5Chunk, "a chunk does not match its Fletcher-32 checksum",
        remedy: "the file is damaged: fetch, copy or write it again")
    }
    return [UInt8](bytes[..<count])
  }
}
