import Diagnostics
import Glibc

/// OpenBLAS, for its product of two matrices.
///
/// It is opened for the first product and not linked: a linked library of its size takes more time
/// at every start, for its relocations and for a thread on each processor, than reading a
/// checkpoint's header does.
package struct MatrixLibrary: Sendable {
  /// `cblas_sgemm` with 32-bit extents: order, two transpositions, rows, columns, inner extent,
  /// scale, left, its leading dimension, right, its own, scale of what is there, output, its own.
  private typealias SingleProduct =
    @convention(c) (
      CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>, CInt, UnsafePointer<Float>,
      CInt, Float, UnsafeMutablePointer<Float>, CInt
    ) -> Void
  private typealias SetThreadCount = @convention(c) (CInt) -> Void

  private let singleProduct: SingleProduct

  /// Opens the first of `names` that is there. It stays open as long as the process runs.
  ///
  /// - Throws: `missing-library`, also when the library lacks what is called of it.
  package init(opening names: [String]) throws {
    guard let handle = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
      throw MatrixLibrary.missing("the system finds none of \(names.joined(separator: ", "))")
    }
    guard let product = dlsym(handle, "cblas_sgemm"),
      let setThreadCount = dlsym(handle, "openblas_set_num_threads")
    else {
      dlclose(handle)
      throw MatrixLibrary.missing("the library found is not OpenBLAS")
    }
    singleProduct = unsafeBitCast(product, to: SingleProduct.self)
    // OpenBLAS cuts a product by its number of threads, which changes the rounding at the seams;
    // the tiles are shared out here instead, and each of its calls stays on its thread.
    unsafeBitCast(setThreadCount, to: SetThreadCount.self)(1)
  }

  private static func missing(_ reason: String) -> Fault {
    Fault(
      .missingLibrary, "OpenBLAS cannot be loaded: \(reason)",
      remedy: "install it: apt-get install libopenblas0")
  }

  private static let opening = Result {
    try MatrixLibrary(opening: ["libopenblas.so.0", "libopenblas.so"])
  }

  /// To be asked before the first product, which could only end the process.
  ///
  /// - Throws: `missing-library`.
  package static func checkPresent() throws { _ = try opening.get() }

  static var loaded: MatrixLibrary {
    switch opening {
    case .success(let library): library
    case .failure(let fault): fatalError("\(fault)")
    }
  }

  /// `output = scale · left · right` on the calling thread, or with `accumulate` that much more;
  /// `right` is `[columns, inner]` when it is transposed, else `[inner, columns]`.
  func product(
    _ left: Rows, _ right: Rows, isTransposed: Bool, inner: Int, scale: Float, accumulate: Bool,
    into output: Rows
  ) {
    let (rowMajor, asItIs, transposed): (CInt, CInt, CInt) = (101, 111, 112)
    singleProduct(
      rowMajor, asItIs, isTransposed ? transposed : asItIs, CInt(left.rowCount),
      CInt(isTransposed ? right.rowCount : right.columnCount), CInt(inner), scale, left.base,
      MatrixLibrary.leadingDimension(of: left), right.base,
      MatrixLibrary.leadingDimension(of: right), accumulate ? 1 : 0, output.base,
      MatrixLibrary.leadingDimension(of: output))
  }

  private static func leadingDimension(of rows: Rows) -> CInt { CInt(max(1, rows.rowStride)) }
}

extension Fault.Code {
  /// A shared library that the process needs is not on this machine.
  package static let missingLibrary = Fault.Code("missing-library", exit: .inputOutput)
}
