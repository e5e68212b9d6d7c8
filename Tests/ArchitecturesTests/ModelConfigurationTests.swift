import Diagnostics
import Documents
import Tensors
import Testing

@testable import Architectures

@Suite("A model's config.json")
struct ModelConfigurationTests {
  private func configuration(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(JSONReader(JSONValue(parsing: text)))
  }

  @Test(
    "tells heads and windows, wherever a package keeps them",
    arguments: [
      (#"{"num_attention_heads": 12, "hidden_size": 768, "layer_norm_eps": 1e-12}"#, ["heads": 12]),
      (
        #"{"num_heads": [3, 6], "window_size": 7}"#,
        ["heads[0]": 3, "heads[1]": 6, "windowHeight": 7, "windowWidth": 7]
      ),
      (
        #"{"vision_config": {"num_attention_heads": 16}, "text_config": {"num_attention_heads": 8}}"#,
        ["heads": 16]
      ),
      (
        #"{"backbone_config": {"num_heads": [1], "window_size": [8, 4]}}"#,
        ["heads[0]": 1, "windowHeight": 8, "windowWidth": 4]
      ),
      (#"{"architecture": "vit", "model_args": {"num_heads": 3}}"#, ["heads": 3]),
      (#"{"window_size": 0, "num_heads": null}"#, [:]), ("{}", [:]),
    ])
  func parameters(text: String, expected: [String: Int]) throws {
    #expect(try configuration(text).parameters == expected)
  }

  @Test(
    "of other kinds is bad data",
    arguments: [
      "[]", "1", #"{"num_heads": 0}"#, #"{"num_heads": -1}"#, #"{"num_heads": "12"}"#,
      #"{"num_heads": 1.5}"#, #"{"num_heads": [1, "2"]}"#, #"{"num_heads": 9223372036854775807}"#,
      #"{"vision_config": 3}"#, #"{"window_size": "7"}"#, #"{"window_size": [-1]}"#,
    ])
  func wrong(text: String) throws {
    #expect { try configuration(text) } throws: { ($0 as? Fault)?.code == .invalidDocument }
  }

  private func recognise(_ family: String, _ hints: RecognitionHints) throws -> RecognisedModel {
    let source = try #require(StateDictionary.all.first { $0.family == family }).source
    return try FamilyCatalogue.builtIn().recognise(source, hints: hints)
  }

  @Test("counts where the tensors leave something open")
  func open() throws {
    let heads = try configuration(#"{"num_attention_heads": 3}"#)
    #expect(try recognise("vit", .init()).parameters["heads"] == nil)
    let model = try recognise("vit", .init(configuration: heads))
    #expect(model.parameters["heads"] == 3)
    #expect(model.assumed.isEmpty)
    let window = try configuration(#"{"window_size": 8, "num_heads": [1, 2, 3, 4]}"#)
    #expect(
      try recognise("swinv2-huggingface", .init(configuration: window)).parameters["windowHeight"]
        == 8)
  }

  @Test("gives way to the tensors and to what the user says")
  func overruled() throws {
    let other = try configuration(#"{"num_heads": [9, 9, 9, 9], "window_size": 5}"#)
    let swin = try recognise("swin-timm", .init(configuration: other))
    #expect(swin.parameters["heads[0]"] == 1)
    #expect(swin.parameters["windowHeight"] == 3)
    let heads = try configuration(#"{"num_attention_heads": 3}"#)
    let model = try recognise("vit", .init(parameters: ["heads": 4], configuration: heads))
    #expect(model.parameters["heads"] == 4)
  }
}
