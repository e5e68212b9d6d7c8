import BuiltInSchemas
import Checkpoints
import Documents
import Foundation
import SchemaSupport
import Tensors
import Testing

@Suite("verify, segment and diff")
struct VerifyTests {
  /// `a.safetensors`, a whole segmenter of five slices on a 4×4 grid.
  private func sandbox() throws -> Sandbox {
    let sandbox = try Sandbox()
    let outcome = try sandbox.shell(
      "$tool convert @source --to transseg-beit --decoder-init from:@decoder --image-size 64,64,5 "
        + "--patch-embed center -o a.safetensors")
    try #require(outcome.status == 0, "\(outcome.error)")
    return sandbox
  }

  /// Overwrites the first weight of a tensor with `value`.
  private func damage(_ tensor: String, _ value: Float, in sandbox: Sandbox) throws {
    let path = sandbox.path + "/a.safetensors"
    let data = try [UInt8](sandbox.contents(of: "a.safetensors"))
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONReader(JSONValue(parsing: Array(data[8..<8 + length])))
    let offsets = try header.member(tensor).member("data_offsets").elements()
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: UInt64(8 + length + offsets[0].integer()))
    try file.write(contentsOf: withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) })
    try file.close()
  }

  @Test("prints a table and the verdict, and writes the report")
  func sound() throws {
    let sandbox = try sandbox()
    let outcome = try sandbox.shell("$tool verify a.safetensors --source @source --report r.json")
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let rows = outcome.output.split(separator: "\n").map(String.init)
    #expect(rows.first == "a.safetensors (transseg-beit): sound")
    let checks = rows.dropFirst(2).map { String($0.prefix { $0 != " " }) }
    #expect(
      checks == [
        "structure", "finite", "statistics", "derived", "identity.patch-embedding",
        "identity.relative-position-bias", "identity.carried-over", "depth-constant",
        "centre-slice", "symmetry",
      ])
    let report = String(decoding: try sandbox.contents(of: "r.json"), as: UTF8.self)
    #expect(try violations(of: report).isEmpty)
    let json = try sandbox.shell("$tool verify a.safetensors --source @source --json")
    #expect(json.output == report)
  }

  @Test("names a damaged tensor, in words and in JSON, with status 1")
  func damaged() throws {
    let sandbox = try sandbox()
    let tensor = "encoder.blocks.2.attn.v_bias"
    try damage(tensor, 7, in: sandbox)
    let outcome = try sandbox.shell("$tool verify a.safetensors --source @source")
    #expect(outcome.status == 1)
    #expect(outcome.output.hasPrefix("a.safetensors (transseg-beit): FALLS SHORT"))
    #expect(outcome.output.contains("fall-short"))
    #expect(outcome.output.contains("\(tensor): "))
    let json = try sandbox.shell("$tool verify a.safetensors --source @source --json")
    #expect(json.status == 1)
    #expect(try violations(of: json.output).isEmpty)
    #expect(json.output.contains("\"tensor\": \"\(tensor)\""))
    try damage(tensor, .nan, in: sandbox)
    let infinite = try sandbox.shell("$tool verify a.safetensors --source @source --json")
    #expect(infinite.status == 1)
    #expect(try violations(of: infinite.output).isEmpty)
  }

  @Test("names the tensor where a file was cut off, with status 65")
  func truncated() throws {
    let sandbox = try sandbox()
    let outcome = try sandbox.shell(
      "truncate -s -1 a.safetensors; $tool verify a.safetensors --source @source --report r.json")
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("a.safetensors: tensor "))
    #expect(outcome.error.contains("byte"))
    // The report says what was wrong; nothing else is left beside it.
    #expect(sandbox.listing.map { $0.prefix { $0 != " " } } == ["a.safetensors", "r.json"])
  }

  @Test("verifies several at once, and one bad one fails them all")
  func several() throws {
    let sandbox = try sandbox()
    let outcome = try sandbox.shell("$tool verify a.safetensors @decoder a.safetensors")
    #expect(outcome.status == 1)
    #expect(outcome.output.components(separatedBy: ": sound").count == 3)
    #expect(outcome.output.contains("not recognised"))
  }

  @Test("repeats recorded runs")
  func fixture() throws {
    let sandbox = try Sandbox()
    let line =
      "$tool convert @source --to transseg-beit --decoder-init from:@decoder --image-size 96,96,5 "
    #expect(try sandbox.shell(line + "-o a.safetensors").status == 0)
    #expect(try sandbox.shell(line + "--patch-embed center -o c.safetensors").status == 0)
    #expect(try sandbox.shell("$tool verify a.safetensors --fixture @fixture").status == 0)
    let other = try sandbox.shell("$tool verify c.safetensors --fixture @fixture")
    #expect(other.status == 1)
    #expect(other.output.contains("departs most"))
  }

  @Test("segments a scan on its own grid, and scores itself with Dice 1")
  func segmented() throws {
    let sandbox = try sandbox()
    let options = "--intensity-window -10,300"
    let line = "$tool segment a.safetensors --volume @volume \(options)"
    let outcome = try sandbox.shell("\(line) -o l.nii.gz --picture p.png --class-names a,b")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output == "wrote l.nii.gz\nwrote p.png\n")
    #expect(try sandbox.contents(of: "p.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(try sandbox.shell("\(line) -o m.nii.gz").status == 0)
    #expect(try sandbox.contents(of: "l.nii.gz") == sandbox.contents(of: "m.nii.gz"))
    let scored = try sandbox.shell(
      "$tool verify a.safetensors --volume @volume --labels l.nii.gz \(options) --min-dice 1 "
        + "--class-names grey,white --json")
    #expect(scored.status == 0, "\(scored.output)")
    #expect(try violations(of: scored.output).isEmpty)
  }

  @Test("tells how two checkpoints differ, with status 1")
  func diff() throws {
    let sandbox = try sandbox()
    let same = try sandbox.shell("$tool diff @source @source.h5")
    #expect(same.status == 0)
    #expect(same.output == "no difference in 75 tensors\n")
    for line in ["diff @source @decoder", "diff @source @shared", "diff @source @source.h5"] {
      let json = try sandbox.shell("$tool \(line) --json").output
      #expect(try violations(of: json, "difference").isEmpty)
    }
    try sandbox.shell("cp a.safetensors b.safetensors").expectSuccess()
    try damage("encoder.cls_token", 3, in: sandbox)
    let other = try sandbox.shell("$tool diff a.safetensors b.safetensors --json")
    #expect(other.status == 1)
    #expect(try violations(of: other.output, "difference").isEmpty)
    let document = try JSONReader(JSONValue(parsing: other.output))
    let names = try document.member("differences").elements().map {
      try $0.member("name").string()
    }
    #expect(names == ["encoder.cls_token"])
  }
}

/// What a printed document breaks of a schema.
private func violations(
  of text: String, _ schema: String = "verification-report"
) throws -> [Schema.Violation] {
  try Schema(parsing: #require(BuiltInSchemas.text(of: schema)))
    .violations(of: JSONValue(parsing: text))
}

extension Tool.Outcome {
  func expectSuccess() { #expect(status == 0, "\(error)") }
}

@Suite("zoo and inspect")
struct ZooTests {
  @Test("fetches the bundled checkpoint once")
  func fetch() throws {
    let sandbox = try Sandbox()
    let line = "$tool zoo fetch beit-tiny-brain-2d --mirror @reference -o models"
    let first = try sandbox.shell("mkdir models; \(line)")
    #expect(first.status == 0, "\(first.error)")
    #expect(first.output.contains("beit-tiny-brain-2d.safetensors"))
    let again = try sandbox.shell(line)
    #expect(again.status == 0)
    #expect(again.output.contains("already there"))
    #expect(!sandbox.listing.contains { $0.contains("partial") })
  }

  @Test("lists known checkpoints, in words and in JSON")
  func list() throws {
    let sandbox = try Sandbox()
    let text = try sandbox.shell("$tool zoo list --mirror @reference")
    #expect(text.status == 0)
    #expect(text.output.contains("beit-tiny-brain-2d"))
    let json = try sandbox.shell("$tool zoo list --json")
    #expect(json.status == 0)
    #expect(throws: Never.self) { try JSONValue(parsing: json.output) }
    #expect(sandbox.listing.isEmpty)
  }

  @Test("shows what a checkpoint holds, in words and in JSON")
  func inspect() throws {
    let sandbox = try Sandbox()
    let text = try sandbox.shell("$tool inspect @brain2d --tensors 'decoder.conv_seg.*'")
    #expect(text.status == 0)
    let rows = text.output.split(separator: "\n").map(String.init)
    #expect(rows[1] == "family  beit (BEiT) with decoder")
    #expect(rows.suffix(2).map { $0.prefix(19) } == ["decoder.conv_seg.bi", "decoder.conv_seg.we"])
    let json = try sandbox.shell("$tool inspect @brain2d --json --stats --sha256")
    for line in ["@decoder", "@target --stats", "@source.h5 --sha256"] {
      let other = try sandbox.shell("$tool inspect \(line) --json").output
      #expect(try violations(of: other, "inspection").isEmpty)
    }
    #expect(try violations(of: json.output, "inspection").isEmpty)
    let document = try JSONReader(JSONValue(parsing: json.output))
    #expect(try document.member("family").string() == "beit")
    #expect(try document.member("tensors").elements().count > 100)
  }
}
