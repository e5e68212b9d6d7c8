import Checkpoints
import Diagnostics
import Foundation
import Tensors
import Testing

@Suite("Writing HDF5")
struct HDF5WritingTests {
  static let writable: [DType] = [
    .bool, .u8, .i8, .i16, .u16, .f16, .bf16, .i32, .u32, .f32, .f64, .i64, .u64,
  ]

  @Test("every element type comes back bit for bit, in every shape", arguments: HDF5Naming.allCases)
  func roundTrip(naming: HDF5Naming) throws {
    let shapes = [[], [0], [1], [7], [3, 0, 2], [2, 3], [1, 1, 4, 2]]
    let entries = try HDF5WritingTests.writable.flatMap { dtype in
      try shapes.enumerated().map { number, extents in
        try StoredTensor(
          TargetKey("model.\(dtype).shape-\(number)"), dtype: dtype, shape: Shape(extents))
      }
    }
    try HDF5Written.check(entries, naming: naming)
  }

  @Test(
    "groups of any size are read whole", .timeLimit(.minutes(1)),
    arguments: [0, 1, 8, 9, 256, 257, 400, 5000], HDF5Naming.allCases)
  func counts(count: Int, naming: HDF5Naming) throws {
    let entries = try (0..<count).map { number in
      try StoredTensor(
        TargetKey("blocks.\(number / 16).weight-\(number)"), dtype: .i16, shape: Shape([2]))
    }
    try HDF5Written.check(entries, naming: naming)
  }

  @Test("names keep their bytes: long, beyond ASCII, and two spellings of one letter")
  func names() throws {
    let names = [
      String(repeating: "n", count: 1024), "größe.ü", "gro\u{0308}ße.u\u{0308}", "a-b", "a.b",
      "a b",
      "a\u{1}", "..a".replacingOccurrences(of: ".", with: "·"), "ab",
    ]
    let entries = try names.map {
      try StoredTensor(TargetKey($0), dtype: .u8, shape: Shape([1]))
    }
    for naming in HDF5Naming.allCases { try HDF5Written.check(entries, naming: naming) }
  }

  @Test("dots at the ends of a name are kept where names are flat")
  func flatDots() throws {
    let entries = try [".a", "a.", "a..b", "..", "a", "a.b"].map {
      try StoredTensor(TargetKey($0), dtype: .u8, shape: Shape([1]))
    }
    try HDF5Written.check(entries, naming: .flat)
  }

  @Test("the order of the bytes is widest type first, then by name")
  func order() throws {
    let plan = try HDF5FilePlan(
      [
        .init(TargetKey("a"), dtype: .u8, shape: Shape([3])),
        .init(TargetKey("c"), dtype: .f32, shape: Shape([1])),
        .init(TargetKey("b"), dtype: .f32, shape: Shape([1])),
        .init(TargetKey("d"), dtype: .f64, shape: Shape([1])),
      ], naming: .flat)
    #expect(plan.order.map(\.key.name) == ["d", "b", "c", "a"])
    let start = plan.header.count
    #expect(start.isMultiple(of: 8))
    #expect(plan.dataOffsets == [start, start + 8, start + 12, start + 16])
    #expect(plan.byteCount == start + 19)
  }

  @Test("the bytes depend on nothing but the tensors", arguments: HDF5Naming.allCases)
  func determinism(naming: HDF5Naming) throws {
    let entries = try (0..<50).map {
      try StoredTensor(TargetKey("layer.\($0)"), dtype: .f32, shape: Shape([$0]))
    }
    let plan = try HDF5FilePlan(entries, naming: naming)
    #expect(try HDF5FilePlan(entries.reversed(), naming: naming).header == plan.header)
    #expect(try HDF5FilePlan(entries.shuffled(), naming: naming).order == plan.order)
  }

  @Test("tensors beyond 4 GiB stand where the file says")
  func largeOffsets() throws {
    // Three gigabytes each, of which the file system keeps only what is written here.
    let entries = try ["a", "b", "c"].map {
      try StoredTensor(TargetKey("model.\($0)"), dtype: .f32, shape: Shape([3 << 28]))
    }
    let plan = try HDF5FilePlan(entries, naming: .grouped)
    #expect(plan.dataOffsets[2] > 6 << 30)
    let path = HDF5Written.temporaryPath()
    defer { unlink(path) }
    #expect(FileManager.default.createFile(atPath: path, contents: Data(plan.header)))
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: UInt64(plan.byteCount))
    try file.seek(toOffset: UInt64(plan.dataOffsets[2]))
    try file.write(contentsOf: [1, 2, 3, 4])
    try file.seek(toOffset: UInt64(plan.byteCount - 4))
    try file.write(contentsOf: [5, 6, 7, 8])
    try file.close()
    let checkpoint = try HDF5Checkpoint(path: path)
    try checkpoint.withBytes(of: SourceKey("model.c")) { bytes in
      bytes.withUnsafeBytes {
        #expect(Array($0.prefix(5)) == [1, 2, 3, 4, 0])
        #expect(Array($0.suffix(4)) == [5, 6, 7, 8])
      }
    }
  }

  @Test("a destination is replaced only when that was asked for")
  func replacing() throws {
    let path = HDF5Written.temporaryPath()
    defer { unlink(path) }
    func write(replacing: Bool) throws {
      let writer = try HDF5Writer(
        destination: path, entries: [], naming: .flat, replacing: replacing)
      try writer.commit()
    }
    try write(replacing: false)
    let fault = #expect(throws: Fault.self) { try write(replacing: false) }
    #expect(fault?.code == .cannotCreate)
    try write(replacing: true)
    #expect(try HDF5Checkpoint(path: path).tensors.isEmpty)
  }

  /// `Scripts/conformance/hdf5.py` shows that h5py reads these files as it should.
  @Test(
    "the writer makes the very files that h5py was shown to read",
    arguments: [
      ("flat", HDF5Naming.flat, ["element_types", "shapes", "bfloat16", "flat", "many"]),
      ("grouped", .grouped, ["element_types", "flat", "grouped"]),
    ])
  func knownFiles(name: String, naming: HDF5Naming, sources: [String]) throws {
    let sources = try sources.map {
      try HDF5Checkpoint(path: HDF5Fixture.path("valid/\($0).h5"))
    }
    var owners: [TargetKey: HDF5Checkpoint] = [:]
    var entries: [StoredTensor] = []
    for source in sources {
      for tensor in source.tensors {
        let key = TargetKey(tensor.key.name)
        owners[key] = source
        entries.append(try .init(key, dtype: tensor.dtype, shape: tensor.shape))
      }
    }
    let path = HDF5Written.temporaryPath()
    try HDF5Written.write(entries, naming: naming, to: path) { entry in
      try #require(owners[entry.key]).bytes(of: entry.key.name)
    }
    let same = FileManager.default.contentsEqual(
      atPath: path, andPath: HDF5Fixture.path("written/\(name).h5"))
    // The new file stays, so that it can be looked at and put in the old one's place.
    #expect(same, "\(path) differs")
    if same { unlink(path) }
  }
}

/// Files that the writer made.
enum HDF5Written {
  static func temporaryPath() -> String {
    NSTemporaryDirectory() + "hdf5-written-\(UUID().uuidString).h5"
  }

  static func write(
    _ entries: [StoredTensor], naming: HDF5Naming, to path: String,
    bytes: (StoredTensor) throws -> [UInt8]
  ) throws {
    var writer = try HDF5Writer(
      destination: path, entries: entries, naming: naming, replacing: false)
    for entry in writer.order { try writer.write(bytes(entry)) }
    try writer.commit()
  }

  /// Writes tensors of made-up bytes and reads them again.
  static func check(_ entries: [StoredTensor], naming: HDF5Naming) throws {
    let path = temporaryPath()
    defer { unlink(path) }
    try write(entries, naming: naming, to: path, bytes: madeUpBytes)
    let checkpoint = try HDF5Checkpoint(path: path)
    #expect(checkpoint.tensors.count == entries.count)
    for entry in entries {
      let key = SourceKey(entry.key.name)
      let description = try #require(checkpoint.description(of: key), "\(key)")
      #expect(description.dtype == entry.dtype && description.shape == entry.shape, "\(key)")
      #expect(try checkpoint.bytes(of: key.name) == madeUpBytes(entry), "\(key)")
    }
  }

  private static func madeUpBytes(_ entry: StoredTensor) -> [UInt8] {
    var state = entry.key.name.utf8.reduce(UInt32(2_166_136_261)) {
      ($0 ^ UInt32($1)) &* 16_777_619
    }
    return (0..<entry.byteCount).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return entry.dtype == .bool ? UInt8(state >> 31) : UInt8(state >> 24)
    }
  }
}
