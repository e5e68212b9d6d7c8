import Foundation
import Testing

@Suite("Recipes, families and configurations of one's own")
struct RecipeOptionTests {
  @Test("a built-in recipe gives target and options, and the command line goes before it")
  func builtIn() throws {
    let sandbox = try Sandbox()
    let recipe = "$tool convert @source --recipe beit-base-to-transseg-beit --plan --json"
    let whole = try sandbox.shell(recipe)
    #expect(whole.status == 0, "\(whole.error)")
    #expect(whole.output.contains("\"transseg-beit\""))
    let options = "--to transseg-beit --image-size 512,512,5 --patch-embed center --out-channels 14"
    #expect(
      try sandbox.shell("$tool convert @source \(options) --plan --json").output == whole.output)
    let other = try sandbox.shell(recipe + " --patch-embed average --out-channels 3")
    #expect(other.status == 0, "\(other.error)")
    #expect(other.output != whole.output)
  }

  @Test("a recipe's file works from any folder")
  func ownFile() throws {
    let sandbox = try Sandbox()
    try sandbox.write(
      """
      {"formatVersion": 1, "id": "mine", "title": "Mine", "source": {"families": ["beit"]},
       "target": "transseg-beit", "options": {"image-size": [64, 64, 5], "decoder": "none"}}
      """, to: "mine.json")
    let line = "$tool convert @source --recipe mine.json -o out.safetensors"
    let outcome = try sandbox.shell(line)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(
      try sandbox.shell(
        "$tool convert @source --to transseg-beit --image-size 64,64,5 --decoder none -o b.safetensors"
      ).status == 0)
    #expect(
      try sandbox.contents(of: "out.safetensors") == sandbox.contents(of: "b.safetensors"))
  }

  @Test(
    "a recipe that is unknown, for other families or malformed is refused",
    arguments: [
      ("--recipe nonsense", Int32(64), "name a file, or one of"),
      ("--recipe nowhere.json", 66, "no such file"),
      ("--recipe swin-tiny-to-video-swin", 64, "not for beit"),
      ("--recipe bad.json", 65, "bad.json"),
      ("", 64, "--recipe"),
    ])
  func refused(options: String, status: Int32, saying: String) throws {
    let sandbox = try Sandbox()
    try sandbox.write(#"{"formatVersion": 1, "options": {"image-size": "large"}}"#, to: "bad.json")
    let outcome = try sandbox.shell("$tool convert @source \(options) --plan")
    #expect(outcome.status == status)
    #expect(outcome.error.contains(saying), "\(outcome.error)")
  }

  private let family = """
    {"formatVersion": 2, "id": "mine", "title": "Mine", "dimensions": 2,
     "tensors": [{"name": "input", "role": "input", "shape": ["a", "b", "c", "d", "e"]},
                 {"name": "logits", "role": "logits", "shape": ["a", "f", "c", "d"], "optional": true}]}
    """

  @Test("a family's description, or a folder of them, joins the built-in ones")
  func ownFamily() throws {
    let sandbox = try Sandbox()
    let inspect = { (options: String) in
      try sandbox.shell("$tool inspect @fixture \(options)").output
    }
    #expect(try !inspect("").contains("(Mine)"))
    try sandbox.write(family, to: "mine.json")
    #expect(try inspect("--family mine.json").contains("family  mine (Mine)"))
    #expect(try inspect("--family .").contains("family  mine (Mine)"))
    try sandbox.write(family.replacing("\"mine\"", with: "\"beit\""), to: "mine.json")
    let taken = try sandbox.shell("$tool convert @source --to video-swin --family mine.json --plan")
    #expect(taken.status == 65)
    #expect(taken.error.contains("mine.json"))
  }

  @Test("a config.json that is named, and no JSON, is bad data")
  func configuration() throws {
    let sandbox = try Sandbox()
    try sandbox.write("{", to: "config.json")
    let line = "$tool convert @source --to transseg-beit --decoder none --plan"
    let outcome = try sandbox.shell(line + " --config config.json")
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("config.json"))
    try sandbox.write(#"{"num_attention_heads": 2}"#, to: "config.json")
    #expect(try sandbox.shell(line + " --config config.json").status == 0)
    #expect(try sandbox.shell(line + " --config nowhere.json").status == 66)
  }
}
