import CKernels

/// A factor and a summand for each channel, then a straight line through zero for negative values:
/// `y = scale · x + shift`, and `slope · y` where y < 0.
///
/// A normalisation whose statistics are known is one of these, so that the next layer can apply it
/// to what it reads anyway.
package struct ChannelTransform: Sendable {
  let scale: PaddedChannels?
  let shift: PaddedChannels?
  /// 1 leaves negative values as they are, 0 is ReLU.
  package let slope: Float

  package static let identity = ChannelTransform(slope: 1)

  package init(slope: Float) {
    (scale, shift) = (nil, nil)
    self.slope = slope
  }

  package init(scale: [Float], shift: [Float], slope: Float = 1) {
    precondition(scale.count == shift.count)
    self.scale = PaddedChannels(scale)
    self.shift = PaddedChannels(shift)
    self.slope = slope
  }

  private init(scale: PaddedChannels?, shift: PaddedChannels?, slope: Float) {
    self.scale = scale
    self.shift = shift
    self.slope = slope
  }

  package func with(slope: Float) -> ChannelTransform {
    ChannelTransform(scale: scale, shift: shift, slope: slope)
  }

  package var isIdentity: Bool { scale == nil && slope == 1 }

  func withPointwise<Result>(_ body: (UnsafePointer<ck_pointwise>) -> Result) -> Result {
    withExtendedLifetime(self) {
      var pointwise = ck_pointwise(scale: scale?.base, shift: shift?.base, slope: slope)
      return body(&pointwise)
    }
  }
}

/// `output = transform(input)`; with a residual, the two sums are added before the slope of
/// `transform` applies. `output` may be `input` or the residual itself.
package func apply(
  _ transform: ChannelTransform, to input: FeatureMap,
  adding residual: (map: FeatureMap, transform: ChannelTransform)? = nil, into output: FeatureMap
) {
  precondition(input.channelCount == output.channelCount && input.hasExtents(of: output))
  precondition(residual.map { $0.map.channelCount == input.channelCount } ?? true)
  let kernels = InstructionSet.kernels
  let other = residual?.transform ?? .identity
  withRows(input.pixels, output.pixels, (residual?.map ?? input).pixels) { input, output, added in
    transform.withPointwise { own in
      other.withPointwise { other in
        parallelRanges(input.rowCount, of: 512) { range in
          kernels.pointwise(
            input.row(range.lowerBound), input.rowStride, own,
            residual == nil ? nil : added.row(range.lowerBound), added.rowStride, other,
            range.count, input.columnCount, output.row(range.lowerBound), output.rowStride)
        }
      }
    }
  }
}
