extension Plain {
  /// See ``extractPatches(from:channels:depth:height:width:slice:patchHeight:patchWidth:into:)``.
  package static func patches(
    from volume: [Float], channels: Int, depth: Int, height: Int, width: Int, slice: Int,
    patchHeight: Int, patchWidth: Int
  ) -> Matrix {
    let across = width / patchWidth
    let output = Matrix(
      rows: height / patchHeight * across, columns: channels * patchHeight * patchWidth)
    for token in 0..<output.rowCount {
      for element in 0..<output.columnCount {
        let channel = element / (patchHeight * patchWidth)
        let y = token / across * patchHeight + element / patchWidth % patchHeight
        let x = token % across * patchWidth + element % patchWidth
        output[token, element] = volume[((channel * depth + slice) * height + y) * width + x]
      }
    }
    return output
  }
}
