import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

/// An array with one thing wrong.
struct NPYDamage: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: Fault.Code
  let bytes: @Sendable () -> [UInt8]

  /// Damages a sound array.
  init(
    _ name: String, _ code: Fault.Code = .numpyHeader,
    _ damage: @escaping @Sendable (inout NPYBuilder) -> Void
  ) {
    testDescription = name
    self.code = code
    bytes = {
      var array = NPYBuilder("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
      damage(&array)
      return array.archive
    }
  }

  static func text(_ text: String, _ code: Fault.Code = .numpyHeader) -> NPYDamage {
    NPYDamage("header \(text.prefix(60))", code) { $0.text = Array(text.utf8) }
  }

  static func shape(_ shape: String, _ code: Fault.Code = .numpyHeader) -> NPYDamage {
    .text("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }", code)
  }

  static func descr(_ descr: String, _ code: Fault.Code = .numpyElementType) -> NPYDamage {
    .text("{'descr': \(descr), 'fortran_order': False, 'shape': (2,), }", code)
  }

  /// Opens an archive and reads all of it.
  static func outcome(of bytes: [UInt8]) throws -> Fault? {
    try withTemporaryFile(bytes) { path in
      let outcome = try fault {
        let source = try NumPyArchive(path: path)
        for tensor in source.tensors {
          try source.withBytes(of: tensor.key) { #expect($0.byteCount == tensor.byteCount) }
        }
      }
      try HostileCorpus.keep(path, of: "numpy", refusedWith: outcome)
      return outcome
    }
  }
}

@Suite("Refusing NumPy archives")
struct NumPyRefusalTests {
  static let frames: [NPYDamage] = [
    .init("no signature") { $0.signature[1] = 0 },
    .init("version 0") { $0.version = [0, 0] },
    .init("version 1.1") { $0.version = [1, 1] },
    .init("version 4") { $0.version = [4, 0] },
    .init("a length beyond the member") { $0.length = 0xFFFF },
    .init("a long length beyond the member") {
      $0.version = [2, 0]
      $0.length = 0xFFFF
    },
    .init("a length of four gigabytes") {
      $0.version = [2, 0]
      $0.length = 0xFFFF_FFFF
    },
    .init("no length") { $0.length = 0 },
    .init("a length in the middle of the text") { $0.length = 30 },
    .init("a length that takes data for text") { $0.length = $0.text.count + 4 },
    .init("data that end too early", .numpySize) { $0.data.removeLast() },
    .init("data that end too late", .numpySize) { $0.data.append(0) },
    .init("no data", .numpySize) { $0.data = [] },
  ]

  static let texts: [NPYDamage] = [
    .text("[]"), .text("1"), .text("None"), .text("{"), .text("{}"), .text("{'descr': '<f4'"),
    .text("{'descr': '<f4', 'fortran_order': False}"),
    .text("{'fortran_order': False, 'shape': (2,)}"),
    .text("{'descr': '<f4', 'shape': (2,)}"),
    .text("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"),
    .text("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}"),
    .text("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}"),
    .text("{'descr': '<f4', 'fortran_order': None, 'shape': (2,)}"),
    .text("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} 1"),
    .text("{'descr': '<f4', 'fortran_order': False 'shape': (2,)}"),
    .text("{descr: '<f4', 'fortran_order': False, 'shape': (2,)}"),
    .text("{1: '<f4', 'fortran_order': False, 'shape': (2,)}"),
    .text("{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}"),
    .text("{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}"),
    .text("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}"),
    .text("__import__('os').system('true')"),
    .text("{'descr': '<f4', 'fortran_order': False, 'shape': tuple([2])}"),
    .text(String(repeating: "(", count: 60_000)),
    .text(String(repeating: "[", count: 7) + "1" + String(repeating: "]", count: 7)),
    .init("an array of version 3 with Python 2's numbers") {
      $0.version = [3, 0]
      $0.text = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }".utf8)
    },
  ]

  static let shapes: [NPYDamage] = [
    .shape("2"), .shape("(2)"), .shape("[2]"), .shape("(2.0,)"), .shape("('2',)"), .shape("(2,"),
    .shape("(,)"), .shape("(02,)"), .shape("(0x2,)"), .shape("(-,)"), .shape("(2l,)"),
    .shape("(True,)"), .shape("(9223372036854775808,)"),
    .shape("(1\(String(repeating: "0", count: 60)),)"),
    .shape("(-2,)", .invalidShape), .shape("(-9223372036854775807, -2)", .invalidShape),
    .shape("(4294967296, 4294967296)", .invalidShape),
    .shape("(2305843009213693952, 2)", .invalidShape),
    .shape("(9223372036854775807,)", .invalidShape),
    .shape("(3,)", .numpySize), .shape("()", .numpySize), .shape("(0,)", .numpySize),
    .shape("(1000000000000,)", .numpySize),
    .shape("(\(String(repeating: "1, ", count: 65))2)"),
  ]

  static let elementTypes: [NPYDamage] = [
    .descr("'|O'"), .descr("'O'"), .descr("'|V2'"), .descr("'<V2'"), .descr("'<U4'"),
    .descr("'|S4'"), .descr("'<M8[ns]'"), .descr("'<m8'"), .descr("'<c16'"), .descr("'<f16'"),
    .descr("'<f1'"), .descr("'<f3'"), .descr("'=f4'"), .descr("'f4'"), .descr("'|f4'"),
    .descr("''"), .descr("'<'"), .descr("'<f4 '"), .descr("'<F4'"),
    .descr("'\(String(repeating: "<", count: 5000))'"),
    .descr("[('weight', '<f4')]"), .descr("4"), .descr("None"), .descr("('<f4', (2,))"),
    .descr("'float8_e4m3fn'"),
  ]

  @Test(
    "each is refused for its own reason, with its place",
    arguments: frames + texts + shapes + elementTypes)
  func refused(damage: NPYDamage) throws {
    let clock = ContinuousClock()
    let bytes = damage.bytes()
    let start = clock.now
    let fault = try #require(try NPYDamage.outcome(of: bytes))
    #expect(clock.now - start < .seconds(2))
    #expect(fault.code == damage.code, "\(fault)")
    #expect(fault.code.exitStatus == .invalidData)
    #expect(fault.place.file != nil)
    #expect(fault.place.tensor == "weight.npy")
    #expect(fault.place.byteOffset != nil)
  }

  @Test(
    "what NumPy saves and no tensor holds is refused by its name",
    arguments: [
      ("object", "Python objects"), ("structured", "structured"), ("unicode", "text"),
      ("bytes", "text"), ("dates", "dates"), ("void", "nameless bytes"),
      ("complex_double", "<c16"), ("long_double", "<f16"),
    ])
  func foreignTypes(file: String, words: String) throws {
    let fault = #expect(throws: Fault.self) {
      try NumPyArchive(path: NumPyFixture.path("hostile/\(file).npz"))
    }
    #expect(fault?.code == .numpyElementType)
    #expect(fault?.reason.contains(words) == true, "\(String(describing: fault))")
  }

  @Test(
    "a member that is no array is refused",
    arguments: ["readme.txt", "weight", ".npy", "a/.npy", "weight.NPY"])
  func otherMembers(name: String) throws {
    let array = NPYBuilder("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
    let archive = ZIPBuilder(.init("bias.npy", array.bytes), .init(name, array.bytes)).build()
    #expect(try NPYDamage.outcome(of: archive.bytes)?.code == .numpyMember)
  }

  @Test("a deflated array that is no archive's is refused when its header is read or its data are")
  func deflatedDamage() throws {
    let array = NPYBuilder("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }").bytes
    let deflated = DeflateBits.stored(array)
    var builder = ZIPBuilder(.init("weight.npy", deflated: deflated, inflated: array))
    #expect(try NPYDamage.outcome(of: builder.build().bytes) == nil)
    for index in deflated.indices {
      var damaged = deflated
      damaged[index] ^= 0x55
      builder.members[0].data = damaged
      let fault = try #require(try NPYDamage.outcome(of: builder.build().bytes), "byte \(index)")
      #expect(fault.code.exitStatus == .invalidData)
    }
  }

  @Test("any byte of an array's header may be any other: it is read or refused")
  func everyByte() throws {
    let array = NPYBuilder("{'descr': '>f4', 'fortran_order': True, 'shape': (1, 2), }")
    let bytes = array.bytes
    for index in 0..<bytes.count - array.data.count {
      for other in [0, 0x20, 0x27, 0x28, 0x2C, 0x39, 0x5B, 0x7B, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[index] = other
        let archive = ZIPBuilder(.init("weight.npy", damaged)).build().bytes
        if let fault = try NPYDamage.outcome(of: archive) {
          #expect(fault.code.exitStatus == .invalidData, "byte \(index) = \(other): \(fault)")
        }
      }
    }
  }
}
