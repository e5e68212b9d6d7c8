/// Mixes the eight voxels around a place.
struct LinearSampler: Sendable {
  private let values: [Float]
  private let extents: VolumeExtents

  init(_ values: [Float], _ extents: VolumeExtents) {
    self.values = values
    self.extents = extents
  }

  /// - Parameters: coordinates inside the grid.
  @inline(__always)
  func value(_ x: Double, _ y: Double, _ z: Double) -> Float {
    let (i, j, k) = (Int(x), Int(y), Int(z))
    let (s, t, u) = (x - Double(i), y - Double(j), z - Double(k))
    // At the last voxel the other's weight is 0.
    let right = i + 1 < extents.height ? 1 : 0
    let next = j + 1 < extents.width ? extents.height : 0
    let above = k + 1 < extents.depth ? extents.height * extents.width : 0
    let place = extents.index(i, j, k)
    @inline(__always) func mix(_ place: Int) -> Double {
      Double(values[place]) * (1 - s) + Double(values[place + right]) * s
    }
    let lower = mix(place) * (1 - t) + mix(place + next) * t
    let upper = mix(place + above) * (1 - t) + mix(place + above + next) * t
    return Float(lower * (1 - u) + upper * u)
  }
}
