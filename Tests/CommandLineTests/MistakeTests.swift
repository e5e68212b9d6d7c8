import Foundation
import Testing

/// A mistake in every argument of every command: the right status, a message that helps, nothing
/// on standard output, nothing left behind.
@Suite("Mistakes")
struct MistakeTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let line: String
    let status: Int32
    let words: [String]

    init(_ line: String, _ status: Int32, _ words: String...) {
      (self.line, self.status, self.words) = (line, status, words)
    }

    var testDescription: String { line }
  }

  private static let convert = "convert @source --to transseg-beit"

  static let convertUsage = [
    Mistake("convert", 64, "<source>"),
    Mistake("convert @source -o a.safetensors", 64, "--to"),
    Mistake(convert, 64, "-o", "--plan"),
    Mistake("\(convert) -o a.onnx", 64, "a.onnx", ".safetensors"),
    Mistake("\(convert) -o a.pth --max-shard-size 1GB", 64, "a.pth", "shards"),
    Mistake("\(convert) -o a.safetensors --max-shard-size 1x", 64, "1x", "5GB"),
    Mistake("\(convert) -o a.safetensors --grouped", 64, "--grouped"),
    Mistake(
      "\(convert) -o a.safetensors --max-shard-size 1GB --report r.json", 64, "--max-shard-size"),
    Mistake("\(convert) -o", 64, "-o"),
    Mistake("\(convert) b -o a.safetensors", 64, "'b'"),
    Mistake("convert @source --to swin -o a.safetensors", 64, "swin", "transseg-beit"),
    Mistake("\(convert) -o a.safetensors --source swin", 65, "Swin"),
    Mistake("\(convert) -o a.safetensors --source upernet", 64, "part of models"),
    Mistake("\(convert) -o a.safetensors --patch-embed mean", 64, "mean", "average"),
    Mistake("\(convert) -o a.safetensors --channels max", 64, "max", "sum"),
    Mistake("\(convert) -o a.safetensors --rel-pos-resize nearest", 64, "nearest", "bicubic"),
    Mistake("\(convert) -o a.safetensors --decoder fpn", 64, "fpn", "upernet"),
    Mistake("\(convert) -o a.safetensors --decoder-init random", 64, "random", "seeded"),
    Mistake("\(convert) -o a.safetensors --dtype f8", 64, "f8", "bf16"),
    Mistake("\(convert) -o a.safetensors --seed -1", 64, "--seed"),
    Mistake("\(convert) -o a.safetensors --seed x", 64, "--seed", "x"),
    Mistake("\(convert) -o a.safetensors --image-size 64,64", 64, "64,64", "512,512,5"),
    Mistake("\(convert) -o a.safetensors --image-size 64x64x5", 64, "64x64x5"),
    Mistake("\(convert) -o a.safetensors --image-size 64,64,0", 64, "0"),
    Mistake("\(convert) -o a.safetensors --image-size 64,,5", 64, "--image-size"),
    Mistake("\(convert) -o a.safetensors --image-size 1000000,64,5", 64, "height"),
    Mistake("\(convert) -o a.safetensors --in-channels 0", 64, "--in-channels"),
    Mistake("\(convert) -o a.safetensors --in-channels one", 64, "one"),
    Mistake("\(convert) -o a.safetensors --out-channels -3", 64, "--out-channels"),
    Mistake("\(convert) -o a.safetensors --out-channels 99999999999999999999", 64, "999"),
    Mistake("\(convert) -o a.safetensors --heads 0", 64, "--heads"),
    Mistake("\(convert) -o a.safetensors --layers 0,a", 64, "a"),
    Mistake("\(convert) -o a.safetensors --allow-loss all", 64, "all", "unknown-tensor"),
    Mistake("\(convert) -o a.safetensors", 64, "--out-channels"),
    Mistake("\(convert) --plan --report r.json", 64, "--report"),
    Mistake("\(convert) -o a.safetensors --frobnicate", 64, "--frobnicate"),
  ]

  static let convertData = [
    Mistake("convert nowhere --to transseg-beit --plan", 66, "nowhere", "no such file"),
    Mistake("convert . --to transseg-beit --plan", 66, "folder"),
    Mistake("convert empty --to transseg-beit --plan", 65, "empty"),
    Mistake("convert text --to transseg-beit --plan", 65, "text"),
    Mistake("convert @volume --to transseg-beit --plan", 65, "float32-little.nii"),
    Mistake("convert @target --to transseg-beit --plan", 65, "3D already"),
    Mistake("\(convert) --plan --heads 3", 65, "relative_position_bias_table"),
    Mistake("\(convert) --plan --source transseg-beit", 65, "source.safetensors"),
    Mistake("\(convert) --plan --decoder none --image-size 8,64,5", 65, "choose 16"),
    Mistake("\(convert) --plan --decoder none --image-size 64,65,5", 65, "choose 64 or 80"),
    Mistake("\(convert) --plan --decoder none --in-channels 2 --channels keep", 65, "sum"),
    Mistake("\(convert) --plan --decoder none --in-channels 9000000000", 65, "GiB"),
    Mistake("\(convert) --plan --decoder none --image-size 65536,65536,1", 65, "GiB"),
    Mistake("\(convert) --plan --out-channels 9223372036854775807", 65, "conv_seg"),
    Mistake("\(convert) --plan --decoder-init from:nowhere", 66, "nowhere"),
    Mistake("\(convert) --plan --decoder-init from:@source", 65, "decoder"),
    Mistake("\(convert) --plan --decoder-init from:@decoder --out-channels 9", 65, "conv_seg"),
    Mistake("\(convert) --decoder none -o exists.safetensors", 73, "exists", "--force"),
    Mistake("\(convert) --decoder none -o no/a.safetensors", 73, "no/a", "make the folder"),
    Mistake("\(convert) --decoder none -o folder.safetensors --force", 73, "folder"),
    Mistake(
      "\(convert) --decoder none -o a.safetensors --report exists.safetensors", 73, "--force"),
    Mistake("\(convert) --decoder none -o a.safetensors --report no/r.json", 73, "no/r.json"),
    Mistake("\(convert) --decoder none -o a.safetensors --report a.safetensors", 73, "two results"),
    Mistake(
      "\(convert) --decoder none -o ./a.safetensors --report a.safetensors", 73, "two results"),
    Mistake(
      "convert copy.safetensors --to transseg-beit --decoder none -o copy.safetensors --force",
      73, "replace what it is made from"),
  ]

  static let others = [
    Mistake("inspect", 64, "<file>"),
    Mistake("inspect nowhere", 66, "nowhere"),
    Mistake("inspect .", 66, "folder"),
    Mistake("inspect text", 65, "text"),
    Mistake("inspect @source --tensors zzz*", 65, "zzz*"),
    Mistake("inspect @source --heads -1", 64, "--heads"),
    Mistake("inspect @source --layers -1", 64, "--layers"),
    Mistake("verify", 64, "<ckpt>"),
    Mistake("verify nowhere", 66, "nowhere"),
    Mistake("verify @target --source nowhere", 66, "nowhere"),
    Mistake("verify @target --source @decoder", 65, "decoder.safetensors"),
    Mistake("verify @target --source @target", 64, "no 2D source"),
    Mistake("verify @target --volume @volume --intensity-window 0,1", 64, "--labels"),
    Mistake("verify @target --labels @labels", 64, "--volume"),
    Mistake("verify @target --volume @volume --labels @labels", 64, "--intensity-window"),
    Mistake("verify @target --min-dice 0.5", 64, "--volume"),
    Mistake(
      "verify @target --volume @volume --labels @labels --intensity-window 0,1 --min-dice 2", 64,
      "--min-dice"),
    Mistake(
      "verify @target --volume @volume --labels @labels --intensity-window 0,1 --min-dice nan", 64,
      "--min-dice"),
    Mistake(
      "verify @target --volume @volume --labels @labels --intensity-window 1,1", 64, "1.0"),
    Mistake(
      "verify @brain2d --volume nowhere --labels @labels --intensity-window 0,1", 66, "nowhere"),
    Mistake(
      "verify @brain2d --volume @source --labels @labels --intensity-window 0,1", 65, "source"),
    Mistake("verify @target --fixture nowhere", 66, "nowhere"),
    Mistake("verify @target --fixture @source", 65, "source.safetensors"),
    Mistake("verify @target --report exists.safetensors", 64, ".json", ".html"),
    Mistake("verify @target --report exists.json", 73, "--force"),
    Mistake("verify @target --report no/r.json", 73, "no/r.json"),
    Mistake("verify @target --heads x", 64, "--heads"),
    Mistake("segment @target --volume @volume --intensity-window 0,1", 64, "--output"),
    Mistake("segment @target -o a.nii --intensity-window 0,1", 64, "--volume"),
    Mistake("segment @target --volume @volume -o a.nii", 64, "--intensity-window"),
    Mistake(
      "segment @target --volume @volume -o a.mgz --intensity-window 0,1", 64, "a.mgz", ".nii"),
    Mistake("segment @target --volume @volume -o a.nii --intensity-window 0", 64, "intensity"),
    Mistake("segment @target --volume @volume -o a.nii --intensity-window 0,1", 65, "no decoder"),
    Mistake("segment nowhere --volume @volume -o a.nii --intensity-window 0,1", 66, "nowhere"),
    Mistake("segment @brain2d --volume nowhere -o a.nii --intensity-window 0,1", 66, "nowhere"),
    Mistake(
      "segment @brain2d --volume @volume -o exists.nii --intensity-window 0,1", 73, "--force"),
    Mistake("segment @brain2d --volume @volume -o no/a.nii --intensity-window 0,1", 73, "no/a.nii"),
    Mistake(
      "segment @brain2d --volume @volume -o a.nii --labels @labels --intensity-window 0,1", 64,
      "--picture"),
    Mistake(
      "segment @brain2d --volume @volume -o a.nii --picture no/a.png --intensity-window 0,1", 73,
      "no/a.png"),
    Mistake(
      "segment @brain2d --volume @volume -o a.nii --resample cubic --intensity-window 0,1", 64,
      "--spacing"),
    Mistake(
      "segment @brain2d --volume @volume -o a.nii --spacing 1,1,1 --resample spline "
        + "--intensity-window 0,1", 64, "spline", "cubic"),
    Mistake(
      "segment @brain2d --volume @volume -o a.nii --picture a.jpg --intensity-window 0,1", 64,
      "a.jpg", ".png"),
    Mistake(
      "segment @brain2d --volume @volume -o a.nii --picture a.png --labels @brain "
        + "--intensity-window 0,1", 65, "192 × 192 × 72", "labels of this very scan"),
    Mistake(
      "segment @brain2d --volume exists.nii -o exists.nii --force --intensity-window 0,1", 73,
      "replace what it is made from"),
    Mistake("diff @source", 64, "<b>"),
    Mistake("diff @source nowhere", 66, "nowhere"),
    Mistake("diff @source @decoder --tolerance -1", 64, "--tolerance"),
    Mistake("diff @source @decoder --tolerance nan", 64, "--tolerance"),
    Mistake("repack @source", 64, "--output"),
    Mistake("repack @source -o a.onnx", 64, "a.onnx", ".safetensors"),
    Mistake("repack nowhere -o a.pth", 66, "nowhere"),
    Mistake("repack @source -o exists.safetensors", 73, "--force"),
    Mistake("repack text -o a.pth", 65, "text"),
    Mistake("repack copy.safetensors -o copy.safetensors --force", 73, "replace what"),
    Mistake("zoo fetch", 64, "<id>"),
    Mistake("zoo fetch no-such-model --mirror .", 66, "no-such-model"),
    Mistake("zoo fetch beit-tiny-brain-2d", 69, "--mirror"),
    Mistake("zoo fetch beit-tiny-brain-2d --mirror nowhere -o .", 69, "nowhere"),
    Mistake("zoo fetch beit-tiny-brain-2d --mirror . -o .", 69, "beit-tiny-brain-2d"),
    Mistake("zoo list --zoo nowhere", 66, "nowhere"),
    Mistake("frobnicate", 64, "frobnicate"),
  ]

  private func sandbox() throws -> Sandbox {
    let sandbox = try Sandbox()
    try sandbox.write("", to: "empty")
    try sandbox.write("no checkpoint, this", to: "text")
    try sandbox.write("mine", to: "exists.safetensors")
    try sandbox.write("mine", to: "exists.nii")
    try sandbox.write("mine", to: "exists.json")
    try FileManager.default.createDirectory(
      atPath: sandbox.path + "/folder.safetensors", withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      atPath: Sample.resolved("@source"), toPath: sandbox.path + "/copy.safetensors")
    return sandbox
  }

  @Test("are explained", arguments: convertUsage + convertData + others)
  func explained(mistake: Mistake) throws {
    let sandbox = try sandbox()
    let before = sandbox.listing
    let words = mistake.line.split(separator: " ").map { Sample.resolved(String($0)) }
    let outcome = try Tool.run(words, in: sandbox.path)
    #expect(outcome.status == mistake.status, "\(outcome.error)")
    #expect(!outcome.wasSignalled)
    // One faulty checkpoint does not keep `verify` from reporting on the others.
    #expect(outcome.output.isEmpty || outcome.output.contains("FAULT"))
    #expect(sandbox.listing == before)
    #expect(outcome.error.lowercased().hasPrefix("error: "), "\(outcome.error)")
    for word in mistake.words {
      #expect(outcome.error.contains(word), "\"\(word)\" is not in: \(outcome.error)")
    }
    for giveaway in ["\u{1B}", "Fatal", "Fault(", "Optional(", ".swift", "Swift"] {
      #expect(!outcome.error.contains(giveaway), "\(outcome.error)")
    }
  }
}
