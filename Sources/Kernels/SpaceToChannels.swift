/// Every block of neighbouring pixels as one pixel: their channels side by side, row by row, column
/// by column, slice by slice. What a block has beyond the map's end is zero.
///
/// - Parameter factors: the block's extents along height, width and depth
package func spaceToChannels(
  _ map: FeatureMap, factors: [Int], workspace: Workspace? = nil
) -> FeatureMap {
  precondition(factors.count == 3 && factors.allSatisfy { $0 > 0 })
  let extents = zip([map.height, map.width, map.depth], factors).map { ($0 + $1 - 1) / $1 }
  let channels = map.channelCount
  let output = FeatureMap(
    height: extents[0], width: extents[1], depth: extents[2],
    channels: factors.reduce(channels, *), from: workspace)
  withRows(map.pixels, output.pixels) { source, target in
    parallelRanges(target.rowCount, of: 64) { range in
      for index in range {
        var place = target.row(index)
        let (line, slice) = index.quotientAndRemainder(dividingBy: extents[2])
        let (row, column) = line.quotientAndRemainder(dividingBy: extents[1])
        for y in row * factors[0]..<(row + 1) * factors[0] {
          for x in column * factors[1]..<(column + 1) * factors[1] {
            for z in slice * factors[2]..<(slice + 1) * factors[2] {
              if y < map.height, x < map.width, z < map.depth {
                place.update(
                  from: source.row((y * map.width + x) * map.depth + z), count: channels)
              } else {
                place.update(repeating: 0, count: channels)
              }
              place += channels
            }
          }
        }
      }
    }
  }
  return output
}
