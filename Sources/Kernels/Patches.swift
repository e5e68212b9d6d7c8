/// One depth slice of a volume cut into patches, a row each: the input of a patch embedding as a
/// matrix product.
///
/// - Parameters:
///   - volume: `[channels, depth, height, width]`
///   - output: `[rows of patches · columns of patches, channels · patchHeight · patchWidth]`; what
///     is left over at the lower and right edge is not part of any patch
package func extractPatches(
  from volume: [Float], channels: Int, depth: Int, height: Int, width: Int, slice: Int,
  patchHeight: Int, patchWidth: Int, into output: Matrix
) {
  precondition(volume.count == channels * depth * height * width && slice < depth)
  let across = width / patchWidth
  precondition(output.rowCount == height / patchHeight * across)
  precondition(output.columnCount == channels * patchHeight * patchWidth)
  volume.withUnsafeBufferPointer { volume in
    withRows(output) { output in
      parallelRanges(output.rowCount, of: 64) { range in
        for token in range {
          let (row, column) = token.quotientAndRemainder(dividingBy: across)
          var target = output.row(token)
          for channel in 0..<channels {
            for y in row * patchHeight..<(row + 1) * patchHeight {
              let start = ((channel * depth + slice) * height + y) * width + column * patchWidth
              target.update(from: volume.baseAddress! + start, count: patchWidth)
              target += patchWidth
            }
          }
        }
      }
    }
  }
}
