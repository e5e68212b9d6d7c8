import Diagnostics

/// How a value between voxels comes about.
package enum Interpolation: String, Sendable, CaseIterable {
  /// That of the nearest voxel; of two equally near ones the one with the even index.
  case nearest
  /// Trilinear.
  case linear
  /// The interpolating cubic spline.
  case cubic
}

/// Brings volumes from one grid onto another that covers the same space.
///
/// Beyond the outermost voxel centres the edge continues. Equal to MONAI's `SpatialResample` with
/// `padding_mode="border"`: `nearest` and `linear` by the arithmetic of PyTorch's `grid_sample` in 64
/// bits, `cubic` as scipy's `map_coordinates` of order 3.
package struct Resampling: Sendable {
  package let source: VolumeGeometry
  package let target: VolumeGeometry
  /// From the target's voxel indices to the source's.
  private let transform: AffineMatrix

  /// - Throws: `invalid-orientation` when the source's axes do not span space.
  package init(from source: VolumeGeometry, onto target: VolumeGeometry) throws {
    guard let inverse = source.affine.inverse else {
      throw Fault(
        .invalidOrientation, "the voxels' axes lie in one plane",
        remedy: "write the file again with a valid affine")
    }
    self.source = source
    self.target = target
    transform = inverse * target.affine
  }

  /// MONAI's notion: to a thousandth of the unit, nothing moves.
  package var isIdentity: Bool {
    source.extents == target.extents
      && (isClose(source.affine, target.affine) || isClose(transform, .identity))
  }

  /// - Throws: `extents-mismatch` when the volume does not lie on the source's grid.
  package func resampled(_ volume: Volume, _ interpolation: Interpolation) throws -> Volume {
    try requireGrid(volume.geometry)
    guard !isIdentity else { return volume }
    let values: [Float]
    switch interpolation {
    case .nearest: values = nearest(volume.values)
    case .linear: values = linear(volume.values)
    case .cubic: values = cubic(volume)
    }
    return try Volume(geometry: target, values: values)
  }

  /// Labels cannot be mixed: each voxel takes the nearest one's.
  ///
  /// - Throws: as the other.
  package func resampled(_ labels: LabelVolume) throws -> LabelVolume {
    try requireGrid(labels.geometry)
    guard !isIdentity else { return labels }
    return try LabelVolume(geometry: target, labels: nearest(labels.labels))
  }

  private func requireGrid(_ geometry: VolumeGeometry) throws {
    guard geometry.extents == source.extents else {
      throw Fault(
        .extentsMismatch,
        "a volume of \(geometry.extents) voxels does not lie on a grid of \(source.extents)")
    }
  }

  private func nearest<Value: Sendable>(_ values: [Value]) -> [Value] {
    let coordinates = GridCoordinates(transform, source: source.extents, target: target.extents)
    let extents = source.extents
    return forEachSlice { slice, result in
      coordinates.forEach(in: slice) { x, y, z in
        let index = extents.index(
          Int(x.rounded(.toNearestOrEven)), Int(y.rounded(.toNearestOrEven)),
          Int(z.rounded(.toNearestOrEven)))
        result.append(values[index])
      }
    }
  }

  private func linear(_ values: [Float]) -> [Float] {
    let coordinates = GridCoordinates(transform, source: source.extents, target: target.extents)
    let sampler = LinearSampler(values, source.extents)
    return forEachSlice { slice, result in
      coordinates.forEach(in: slice) { x, y, z in result.append(sampler.value(x, y, z)) }
    }
  }

  private func cubic(_ volume: Volume) -> [Float] {
    let sampler = CubicSampler(volume.values, volume.extents)
    let transform = transform
    let (height, width) = (target.extents.height, target.extents.width)
    let m = transform.rowMajor
    return forEachSlice { slice, result in
      let k = Double(slice)
      for column in 0..<width {
        let j = Double(column)
        for row in 0..<height {
          let i = Double(row)
          result.append(
            sampler.value(
              m[0] * i + m[1] * j + m[2] * k + m[3], m[4] * i + m[5] * j + m[6] * k + m[7],
              m[8] * i + m[9] * j + m[10] * k + m[11]))
        }
      }
    }
  }

  /// The target's slices, each filled by `body`, one after the other.
  private func forEachSlice<Value: Sendable>(
    _ body: @Sendable (_ slice: Int, _ values: inout [Value]) -> Void
  ) -> [Value] {
    let sliceLength = target.extents.plane.pixelCount
    let slices = concurrentMap(target.extents.depth) { slice in
      var values: [Value] = []
      values.reserveCapacity(sliceLength)
      body(slice, &values)
      return values
    }
    return Array(slices.joined())
  }
}

private func isClose(_ first: AffineMatrix, _ second: AffineMatrix) -> Bool {
  zip(first.rowMajor, second.rowMajor).allSatisfy { abs($0 - $1) <= 1e-3 + 1e-5 * abs($1) }
}
