import Diagnostics
import Testing

@Suite("Saying what went wrong")
struct FaultTests {
  @Test("a fault names file, tensor, byte, pointer, reason and remedy, in this order")
  func completeDescription() {
    let fault = Fault(
      .invalidDocument, "a number is expected",
      at: .init(file: "a.json", tensor: "head.weight", byteOffset: 12, pointer: "/files/0"),
      remedy: "write one")
    #expect(
      fault.description == """
        a.json: tensor head.weight: byte 12: at /files/0: a number is expected
          write one
        """)
  }

  @Test("what is not known is left out")
  func bareDescription() {
    #expect(Fault(.usage, "no such option").description == "no such option")
    #expect(
      Fault(.usage, "no such option", at: .init(pointer: "")).description == "at /: no such option")
  }

  @Test("outer places fill what the fault does not know and change nothing that it does")
  func locating() throws {
    let fault = Fault(.unreadable, "damaged", at: .init(tensor: "inner", byteOffset: 3))
    let outer = Fault.Place(file: "outer", tensor: "outer", byteOffset: 9, pointer: "/outer")
    let expected = Fault(
      .unreadable, "damaged",
      at: .init(file: "outer", tensor: "inner", byteOffset: 3, pointer: "/outer"))
    #expect(fault.located(in: outer) == expected)
    #expect(throws: expected) { try located(in: outer) { throw fault } }
  }

  @Test("errors that are no faults pass a place unchanged")
  func otherErrors() throws {
    #expect(throws: CancellationError.self) {
      try located(in: .init(file: "a")) { throw CancellationError() }
    }
    #expect(try located(in: .init(file: "a")) { 1 } == 1)
  }

  @Test("a code shows its name and carries its exit status")
  func codes() {
    #expect(Fault.Code.cannotCreate.description == "cannot-create")
    #expect(Fault.Code.cannotCreate.exitStatus == .cannotCreateOutput)
    #expect(Fault.Code("a", exit: .usage) != Fault.Code("a", exit: .invalidData))
  }

  @Test("exit statuses are those that the documentation promises")
  func exitStatuses() {
    #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 64, 65, 66, 69, 73, 74])
  }

  @Test("no part of a fault brings a terminal to obey a file")
  func hostileParts() {
    let hostile = "a\u{1B}[2J\nerror: b\u{202E}c\u{9B}d"
    let fault = Fault(
      .invalidDocument, hostile, at: .init(file: hostile, tensor: hostile, pointer: hostile),
      remedy: hostile)
    let safe = #"a\u{1b}[2J\u{a}error: b\u{202e}c\u{9b}d"#
    #expect(
      fault.description == """
        \(safe): tensor \(safe): at \(safe): \(safe)
          \(safe)
        """)
  }
}
