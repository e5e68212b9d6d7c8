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
        BEiT → TransSeg BEiT3D: 156 tensors (1 inflate, 66 copy, 89 initialise), 8 dropped
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

  @Test("reports the norms of every tensor and of its inputs, as JSON and as a table")
  func norms() throws {
    let sandbox = try Sandbox()
    let line =
      "$tool convert @source --to transseg-beit --decoder none --patch-embed average --force "
      + "-o a.safetensors --report"
    try sandbox.shell("\(line) r.json").expectSuccess()
    let report = try JSONReader(JSONValue(parsing: [UInt8](sandbox.contents(of: "r.json"))))
    let written = try SafetensorsCheckpoint(path: sandbox.path + "/a.safetensors")
    let source = try SafetensorsCheckpoint(path: Sample.resolved("@source"))
    let norm = { (holder: SafetensorsCheckpoint, name: String) in
      try holder.floats(of: SourceKey(name)).values.reduce(0.0) {
        $0 + Double($1) * Double($1)
      }.squareRoot()
    }
    for tensor in try report.member("tensors").elements() {
      let name = try tensor.member("name").string()
      let norms = try tensor.member("norms")
      guard try tensor.member("dtype").string() == "F32" else {
        #expect(norms.value["after"] == .null)
        continue
      }
      #expect(abs(try norms.member("after").number() - norm(written, name)) < 1e-9, "\(name)")
      let inputs = try tensor.member("inputs").elements().map { try $0.string() }
      let before = try norms.member("before").elements().map { try $0.number() }
      #expect(try zip(before, inputs).allSatisfy { abs($0 - (try norm(source, $1))) < 1e-9 })
      #expect(before.count == inputs.count)
    }
    try sandbox.shell("\(line) r.txt").expectSuccess()
    let table = String(decoding: try sandbox.contents(of: "r.txt"), as: UTF8.self)
    let rows = table.split(separator: "\n").map(String.init)
    #expect(rows[0].contains("norms before"))
    #expect(rows.contains { $0.hasPrefix("head.weight") && $0.contains("classification-head") })
    #expect(rows.last == "verdict: exact")
  }

  @Test(
    "gives the same bytes whatever container the weights come in, PyTorch's own among them",
    arguments: [("@source", "transseg-beit --decoder none"), ("@dino", "monai-vit --heads 2")])
  func containers(source: String, target: String) throws {
    let sandbox = try Sandbox()
    try sandbox.shell(
      """
      set -e
      $tool repack \(source) -o w.safetensors
      $tool repack \(source) -o w.pth
      $tool repack \(source) -o w.h5
      $tool repack \(source) -o g.h5 --grouped
      $tool repack \(source) -o s.safetensors --max-shard-size 100kB
      n=0
      for input in \(source) w.safetensors w.pth w.h5 g.h5 s.safetensors.index.json; do
        n=$((n+1))
        $tool convert $input --to \(target) --image-size 64,64,16 -o out$n.safetensors
      done
      """
    ).expectSuccess()
    let first = try sandbox.contents(of: "out1.safetensors")
    for number in 2...6 {
      #expect(try sandbox.contents(of: "out\(number).safetensors") == first, "\(number)")
    }
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
