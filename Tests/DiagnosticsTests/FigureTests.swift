import Testing

@testable import Diagnostics

@Suite("Figures")
struct FigureTests {
  @Test(
    "are short at any size, and say what is no number",
    arguments: [
      (0, "0"), (1, "1"), (-12, "-12"), (99999, "99999"), (0.25, "0.2500"), (0.9994, "0.9994"),
      (1e-3, "0.0010"), (9.994e-4, "9.99e-04"), (123456, "1.23e+05"), (-1e-7, "-1.00e-07"),
      (.infinity, "∞"), (-.infinity, "−∞"), (.nan, "no number"),
    ])
  func text(value: Double, expected: String) {
    #expect(Figure.text(value) == expected)
  }
}
