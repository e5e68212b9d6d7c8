import Diagnostics
import Kernels
import Testing

@Suite("Opening the library of matrix products")
struct MatrixLibraryTests {
  @Test("it is found, and the first of several names that is there is taken")
  func present() throws {
    try MatrixLibrary.checkPresent()
    _ = try MatrixLibrary(opening: ["libno-such-library.so.0", "libopenblas.so.0"])
  }

  @Test(
    "a missing library, or another one, is a fault with a remedy",
    arguments: [[], ["libno-such-library.so.0"], ["libm.so.6"]])
  func missing(names: [String]) throws {
    let fault = #expect(throws: Fault.self) { try MatrixLibrary(opening: names) }
    #expect(fault?.code == .missingLibrary)
    #expect(fault?.code.exitStatus == .inputOutput)
    #expect(fault?.remedy?.contains("libopenblas0") == true)
  }
}
