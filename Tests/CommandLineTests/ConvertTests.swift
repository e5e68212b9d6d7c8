import BuiltInSchemas
import Checkpoints
import Documents
import Foundation
import SchemaSupport
import Tensors
import Testing

@Suite("convert")
struct ConvertTests {
  private func violations(of text: Data, _ schema: String) throws -> [Schema.Violation] {
    try Schema(parsing: #require(BuiltInSchemas.text(of: schema)))
      .violations(of: JSONValue(parsing: [UInt8](text)))
  }

  @Test("writes one file, says what it did, and does it the same way again")
  func deterministic() throws {
    let sandbox = try Sandbox()
    let run = { (source: String, output: String) in
      try sandbox.run(
        "convert", source, "--to", "transseg-beit", "--image-size", "64,64,5", "--out-channels",
        "3", "-o", output)
    }
    let outcome = try run("@source", "a.safetensors")
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    #expect(
      outcome.output == """
        BEiT → TransSeg BEiT3D: 156 tensors (66 copy, 1 inflate, 89 initialise), 8 dropped
        verdict: exact up to what is initialised because the source has none
        wrote a.safetensors

        """)
    #expect(try run("@source", "b.safetensors").status == 0)
    #expect(try run("@source.h5", "c.safetensors").status == 0)
    let first = try sandbox.contents(of: "a.safetensors")
    #expect(try sandbox.contents(of: "b.safetensors") == first)
    #expect(try sandbox.contents(of: "c.safetensors") == first)
    #expect(sandbox.listing.count == 3)
  }

  @Test("replaces a file only when told to")
  func force() throws {
    let sandbox = try Sandbox()
    try sandbox.write("mine", to: "a.safetensors")
    let line = "$tool convert @source --to transseg-beit --decoder none -o a.safetensors"
    #expect(try sandbox.shell(line).status == 73)
    #expect(try sandbox.contents(of: "a.safetensors") == Data("mine".utf8))
    #expect(try sandbox.shell(line + " --force").status == 0)
    #expect(try sandbox.contents(of: "a.safetensors").count > 100_000)
    #expect(sandbox.listing.count == 1)
  }

  @Test("prints a plan and writes nothing")
  func plan() throws {
    let sandbox = try Sandbox()
    let line = "$tool convert @source --to transseg-beit --out-channels 2 --plan"
    let text = try sandbox.shell(line)
    #expect(text.status == 0)
    let rows = text.output.split(separator: "\n")
    #expect(rows.first?.hasPrefix("target tensor") == true)
    #expect(
      rows.contains { $0.hasPrefix("encoder.patch_embed.proj.weight") && $0.contains("inflate") })
    #expect(rows.contains { $0.hasPrefix("head.weight") && $0.contains("classification-head") })
    let json = try sandbox.shell(line + " --json")
    #expect(json.status == 0)
    #expect(try violations(of: Data(json.output.utf8), "plan").isEmpty)
    #expect(sandbox.listing.isEmpty)
  }

  @Test("prints and writes the same report, true to what was written")
  func report() throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.shell(
      "$tool convert @shared --to transseg-beit --decoder-init from:@decoder --image-size 96,96,3 "
        + "--dtype f16 -o a.safetensors --report r.json --json")
    #expect(outcome.status == 0)
    let report = try sandbox.contents(of: "r.json")
    #expect(Data(outcome.output.utf8) == report)
    #expect(try violations(of: report, "conversion-report").isEmpty)
    let document = try JSONReader(JSONValue(parsing: [UInt8](report)))
    let output = try document.member("output")
    #expect(try output.member("bytes").integer() == sandbox.contents(of: "a.safetensors").count)
    let sum = try sandbox.shell("sha256sum a.safetensors").output.prefix(64)
    #expect(try output.member("sha256").string() == String(sum))
    let written = try SafetensorsCheckpoint(path: sandbox.path + "/a.safetensors")
    #expect(try document.member("tensors").elements().count == written.tensors.count)
  }

  @Test("agrees with what a user allows to be lost, and with nothing else")
  func allowLoss() throws {
    let sandbox = try Sandbox()
    try sandbox.writeSource(adding: ["pos_embed": [1, 17, 32]])
    let line = "$tool convert odd.safetensors --to transseg-beit --decoder none -o a.safetensors"
    let refused = try sandbox.shell(line)
    #expect(refused.status == 65)
    #expect(refused.error.contains("pos_embed"))
    #expect(refused.error.contains("--allow-loss absolute-position-embedding"))
    let allowed = try sandbox.shell(line + " --allow-loss absolute-position-embedding")
    #expect(allowed.status == 0)
    #expect(allowed.output.contains("verdict: lossy: absolute-position-embedding"))
  }

  @Test("reports a disk that is full, and leaves nothing on it")
  func fullDisk() throws {
    let sandbox = try Sandbox()
    // A limit on the size of files stands in for a small disk.
    let outcome = try sandbox.shell(
      "trap '' XFSZ; ulimit -f 100; $tool convert @source --to transseg-beit --decoder none -o "
        + "a.safetensors")
    #expect(outcome.status == 74, "\(outcome.error)")
    #expect(outcome.error.contains("a.safetensors"))
    #expect(sandbox.listing.isEmpty)
  }
}

extension Sandbox {
  /// `odd.safetensors`: the sample source with more tensors, by names that may be anything.
  func writeSource(adding shapes: [String: [Int]], metadata: [String: String] = [:]) throws {
    let source = try SafetensorsCheckpoint(path: Sample.resolved("@source"))
    let added = try shapes.map {
      try StoredTensor(TargetKey($0.key), dtype: .f32, shape: Shape($0.value))
    }
    var writer = try SafetensorsWriter(
      destination: path + "/odd.safetensors",
      entries: added
        + source.tensors.map {
          try .init(TargetKey($0.key.name), dtype: $0.dtype, shape: $0.shape)
        }, metadata: metadata, replacing: true)
    for entry in writer.order {
      if shapes[entry.key.name] != nil {
        try writer.write([UInt8](repeating: 0, count: entry.byteCount))
      } else {
        try source.withBytes(of: SourceKey(entry.key.name)) { try writer.write($0) }
      }
    }
    try writer.commit()
  }
}
