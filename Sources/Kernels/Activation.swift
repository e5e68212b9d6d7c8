import CKernels

/// What is done to a sum before it is stored.
package enum Activation: Sendable {
  case none
  case rectified
  /// A hundredth of negative values stays.
  case leaky
  /// x·Φ(x) with Φ the normal distribution (the exact form, not its tanh approximation); the
  /// relative error stays below 4·10⁻⁶ even where the result all but vanishes, at x = −13.
  ///
  /// With a = |x|: Φ(−a) = ½ e^(−a²/2) · erfcx(a/√2), and ½ erfcx(a/√2) = s·p(s) for
  /// s = 1/(1 + 0.32a); p is a polynomial of degree 9 fitted for the least relative error, 3·10⁻⁸,
  /// on all of a ≥ 0.
  case gelu
  /// GELU by the hyperbolic tangent, ½x · (1 + tanh(√(2/π) (x + 0.044715 x³))), which is x times
  /// the logistic function of twice the tangent's argument.
  case tanhGELU
  /// x times the logistic function of 1.702 x, as CLIP has it.
  case quickGELU

  var kernel: ck_activation {
    switch self {
    case .none: CK_NONE
    case .rectified: CK_RECTIFIED
    case .leaky: CK_LEAKY
    case .gelu: CK_GELU
    case .tanhGELU: CK_TANH_GELU
    case .quickGELU: CK_QUICK_GELU
    }
  }
}

/// What MONAI's leaky ReLUs multiply negative values by.
package let leakySlope: Float = CK_LEAKY_SLOPE

/// The activation of every element, in place.
package func apply(_ activation: Activation, to matrix: Matrix) {
  let kernels = InstructionSet.kernels
  withRows(matrix) { rows in
    parallelRanges(rows.rowCount, of: 64) { range in
      kernels.activate(
        rows.row(range.lowerBound), rows.rowStride, range.count, rows.columnCount,
        activation.kernel)
    }
  }
}
