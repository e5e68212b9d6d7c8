import Diagnostics

/// The three methods of `nifti1.h` by which voxel indices become coordinates, tried in nibabel's
/// order: the matrix, the quaternion, the bare voxel sizes.
extension OrientationFields {
  /// - Throws: `invalid-orientation` when the transform that counts is no transform.
  func affine(extents: VolumeExtents) throws -> AffineMatrix {
    let affine: AffineMatrix
    if matrixCode > 0 {
      affine = matrixAffine
    } else if quaternionCode > 0 {
      affine = try quaternionAffine()
    } else {
      affine = voxelSizeAffine(extents: extents)
    }
    guard affine.isFinite, affine.spacing.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      let layout = HeaderLayout.of(version)
      let method = matrixCode > 0 ? "srow" : quaternionCode > 0 ? "quatern" : "pixdim"
      throw Fault(
        .invalidOrientation,
        "the \(method) fields do not give the voxels a size and a place",
        at: .init(byteOffset: UInt64(matrixCode > 0 ? layout.matrix : layout.voxelSizes)),
        remedy: "write the file again with a valid affine (nibabel: Nifti1Image(data, affine))")
    }
    return affine
  }

  private var matrixAffine: AffineMatrix {
    AffineMatrix(rows: (0..<3).map { Array(matrix[$0 * 4..<$0 * 4 + 4]) })
  }

  /// The voxel sizes with what other readers forgive: a sign is dropped, a zero means one.
  private var usableVoxelSizes: [Double] {
    voxelSizes[1...3].map { $0 == 0 ? 1 : abs($0) }
  }

  private func quaternionAffine() throws -> AffineMatrix {
    let rotation = try rotationMatrix()
    var sizes = usableVoxelSizes
    if voxelSizes[0] < 0 { sizes[2].negate() }
    return AffineMatrix(
      rows: (0..<3).map { row in
        (0..<3).map { rotation[row][$0] * sizes[$0] } + [quaternionOffset[row]]
      })
  }

  /// The rotation of the unit quaternion (a, b, c, d), of which the file stores b, c and d.
  ///
  /// A file's b, c, d are rounded, to 32 bits in the first version, so that 1 − b² − c² − d² may come
  /// out slightly negative: within that rounding a is 0, and dividing by the norm makes the rotation
  /// proper.
  private func rotationMatrix() throws -> [[Double]] {
    let (b, c, d) = (quaternion[0], quaternion[1], quaternion[2])
    let rounding = 3 * (version == .one ? Double(Float.ulpOfOne) : Double.ulpOfOne)
    let square = 1 - (b * b + c * c + d * d)
    guard square > -1e-4 else {
      throw Fault(
        .invalidOrientation,
        "the quaternion (\(quaternion[0]), \(quaternion[1]), \(quaternion[2])) is longer than 1",
        at: .init(byteOffset: UInt64(HeaderLayout.of(version).quaternion)),
        remedy: "write the file again with a valid qform, or set qform_code to 0")
    }
    let a = square < rounding ? 0 : square.squareRoot()
    let s = 2 / (a * a + b * b + c * c + d * d)
    return [
      [1 - s * (c * c + d * d), s * (b * c - a * d), s * (b * d + a * c)],
      [s * (b * c + a * d), 1 - s * (b * b + d * d), s * (c * d - a * b)],
      [s * (b * d - a * c), s * (c * d + a * b), 1 - s * (b * b + c * c)],
    ]
  }

  /// The standard gives such a file no orientation at all; like nibabel, this assumes Analyze's
  /// (first axis to the left) with the origin in the volume's middle.
  private func voxelSizeAffine(extents: VolumeExtents) -> AffineMatrix {
    var sizes = usableVoxelSizes
    sizes[0].negate()
    let counts = [extents.height, extents.width, extents.depth]
    return AffineMatrix(
      rows: (0..<3).map { row in
        var numbers = [0.0, 0, 0, -sizes[row] * Double(counts[row] - 1) / 2]
        numbers[row] = sizes[row]
        return numbers
      })
  }
}
