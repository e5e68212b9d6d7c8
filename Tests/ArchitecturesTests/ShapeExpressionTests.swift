import Diagnostics
import Testing

@testable import Architectures

@Suite("Shape expressions")
struct ShapeExpressionTests {
  @Test(
    "have the value that arithmetic gives them",
    arguments: [
      ("7", 7), ("3*hidden", 96), ("(2*grid-1)^2+3", 52), ("hidden // 4 - 1", 7),
      ("2*grid+hidden*grid", 136), ("hidden-2-3", 27),
    ])
  func value(text: String, expected: Int) throws {
    #expect(try ShapeExpression(text).value(given: ["hidden": 32, "grid": 4]) == expected)
  }

  @Test("have no value when a symbol is open, a division has a remainder or 64 bits do not suffice")
  func noValue() throws {
    #expect(try ShapeExpression("hidden+1").value(given: [:]) == nil)
    #expect(try ShapeExpression("hidden//5").value(given: ["hidden": 32]) == nil)
    #expect(try ShapeExpression("hidden^8").value(given: ["hidden": 1 << 20]) == nil)
  }

  @Test("give the one unknown that makes them equal an extent, or nothing")
  func solved() throws {
    let rows = try ShapeExpression("(2*grid-1)*(2*grid-1)+3")
    #expect(rows.solved(for: "grid", equals: 732, given: [:]) == 14)
    #expect(rows.solved(for: "grid", equals: 733, given: [:]) == nil)
    #expect(rows.solved(for: "grid", equals: 0, given: [:]) == nil)
  }

  @Test("may be elements of a list, by a running index")
  func lists() throws {
    let heads = try ShapeExpression("heads[stage+1]")
    #expect(heads.value(given: ["heads[1]": 4, "heads[2]": 8], at: ["stage": 1]) == 8)
    #expect(heads.value(given: ["heads[1]": 4], at: ["stage": 1]) == nil)
    #expect(heads.value(given: ["heads[1]": 4]) == nil)
    #expect(heads.symbol(at: ["stage": 0]) == "heads[1]")
    #expect(heads.symbols(at: ["stage": 0]) == ["heads[1]"])
    #expect(heads.names == ["heads", "stage"])
    let width = try ShapeExpression("3*embedding*2^stage")
    #expect(width.value(given: ["embedding": 4], at: ["stage": 2]) == 48)
    #expect(width.solved(for: "embedding", equals: 48, given: [:], at: ["stage": 2]) == 4)
    #expect(width.symbol(at: ["stage": 2]) == nil)
    #expect(width.value(given: ["embedding": 4], at: ["stage": 9]) == nil)
  }

  @Test(
    "that are malformed are refused",
    arguments: [
      "", "3*", "(hidden", "hidden)", "3/2", "a b", "-3", "a[", "a[]", "a[1", "a]", "a[b]]", "[a]",
      String(repeating: "(", count: 99),
    ])
  func malformed(text: String) throws {
    #expect { try ShapeExpression(text) } throws: { ($0 as? Fault)?.code == .invalidFamily }
  }
}
