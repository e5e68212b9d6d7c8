import BuiltInSchemas
import Documents
import Foundation
import SchemaSupport
import Testing

@Suite("verify of many checkpoints, and of recorded runs")
struct VerifyManyTests {
  /// `a.safetensors`, inflated by its middle slice, and `b.safetensors`, by the average.
  private func sandbox() throws -> Sandbox {
    let sandbox = try Sandbox()
    for (name, strategy) in [("a", "center"), ("b", "average")] {
      try sandbox.shell(
        "$tool convert @source --to transseg-beit --decoder-init from:@decoder "
          + "--image-size 64,64,5 --patch-embed \(strategy) -o \(name).safetensors"
      ).expectSuccess()
    }
    return sandbox
  }

  @Test("patterns and lists; a faulty member stops no other, and a folder has a report of each")
  func many() throws {
    let sandbox = try sandbox()
    try sandbox.write("no checkpoint", to: "broken.safetensors")
    try sandbox.write("# mine\n\n  b*.safetensors\n", to: "list.txt")
    let line = "$tool verify 'a*.safetensors' @list.txt --source @source --report r/"
    let outcome = try sandbox.shell(line)
    #expect(outcome.status == 65)
    #expect(outcome.output.components(separatedBy: "): sound\n").count == 3)
    #expect(outcome.output.hasSuffix("2 of 3 sound\n"))
    #expect(outcome.error.contains("broken.safetensors"))
    let names = ["1-a.safetensors", "2-b.safetensors", "3-broken.safetensors", "summary"]
    let schema = try Schema(parsing: #require(BuiltInSchemas.text(of: "verification-report")))
    for name in names {
      let report = try JSONValue(parsing: Array(sandbox.contents(of: "r/\(name).json")))
      #expect(try schema.violations(of: report).isEmpty)
      #expect(
        report["verdict"] == (name.contains("-b.") || name.contains("-a.") ? "pass" : "fault"))
      #expect(try sandbox.contents(of: "r/\(name).html").starts(with: Data("<!doctype html>".utf8)))
    }
    #expect(try sandbox.shell(line).status == 73)
    #expect(try sandbox.shell(line + " --force").status == 65)
  }

  @Test("a recorded run is repeated by its model and missed by another")
  func recorded() throws {
    let sandbox = try sandbox()
    let record = try sandbox.shell("$tool verify record a.safetensors -o run.safetensors")
    #expect(record.output == "wrote run.safetensors: 5 outputs\n")
    #expect(try sandbox.shell("$tool verify record a.safetensors -o run.safetensors").status == 73)
    let line = "$tool verify a.safetensors b.safetensors --fixture run.safetensors"
    let outcome = try sandbox.shell(line)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("a.safetensors (transseg-beit): sound"))
    #expect(outcome.output.contains("b.safetensors (transseg-beit): FALLS SHORT"))
  }
}
