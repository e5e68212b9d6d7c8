import Architectures
import Checkpoints
import Diagnostics
import Tensors
import Testing

@testable import Inflation

@Suite("Plans")
struct PlanTests {
  private func plan(
    _ source: any TensorSource, _ options: ConversionOptions
  ) throws -> Plan { try Golden.plan(source, options).plan }

  private func fault(
    _ source: any TensorSource, _ options: ConversionOptions
  ) throws -> Fault { try #require(throws: Fault.self) { try plan(source, options) } }

  /// Every source tensor is an input or dropped, none twice; every target tensor has one action.
  private func checkAccount(of source: any TensorSource, _ plan: Plan) {
    var used: Set<SourceKey> = []
    for tensor in plan.tensors {
      used.formUnion(tensor.expression.sourceKeys)
    }
    let whole = plan.dropped.filter { $0.part == nil }.map(\.key)
    #expect(Set(whole).count == whole.count)
    #expect(used.isDisjoint(with: whole))
    #expect(used.isSuperset(of: plan.dropped.filter { $0.part != nil }.map(\.key)))
    #expect(used.union(whole) == Set(source.tensors.map(\.key)))
    #expect(Set(plan.tensors.map(\.key)).count == plan.tensors.count)
    #expect(plan.tensors.map(\.key) == plan.tensors.map(\.key).sorted())
  }

  @Test("account for every tensor, whatever is added or taken away", arguments: 0..<40)
  func everyTensor(seed: Int) throws {
    var generator = SplitMix64(state: UInt64(seed))
    var source = try MemorySource.beit(shared: Bool.random(using: &generator))
    let optional = ["gamma_1", "gamma_2"]
    for block in 0..<2 {
      for name in optional where Bool.random(using: &generator) {
        source = source.removing("blocks.\(block).\(name)")
      }
    }
    let strangers: [String: [Int]] = [
      "head.weight": [52, 2], "norm.bias": [8], "mask_token": [52, 2], "pos_embed": [1, 17, 8],
      "odd": [52, 2], "blocks.1.odd": [52, 2], "blocks.x": [52, 2], "decoder.odd": [52, 2],
      "rel_pos_bias.relative_position_bias_table": [52, 2],
    ]
    for (name, shape) in strangers.sorted(by: { $0.key < $1.key })
    where Bool.random(using: &generator) { source = try source.adding([name: shape]) }
    let options = try ConversionOptions.small { options in
      options.allowedLosses = Set(DropRule.all.map(\.id))
      options.imageSize = [Int.random(in: 4...6, using: &generator) * 4, 16, 3]
    }
    checkAccount(of: source, try plan(source, options))
  }

  @Test("give what the source lacks the value that computes the same")
  func neutral() throws {
    let source = try MemorySource.beit()
      .removing("blocks.0.gamma_1", "blocks.1.gamma_2")
    let plan = try plan(source, .small())
    let actions = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.key.name, $0) })
    let layerScale = try #require(actions["encoder.blocks.0.gamma_1"])
    #expect(layerScale.action == .initialise)
    #expect(layerScale.detail == "ones, which change nothing")
    #expect(layerScale.exactness == .exact)
    #expect(actions["encoder.blocks.1.gamma_2"]?.action == .initialise)
    #expect(actions["encoder.blocks.1.gamma_1"]?.action == .copy)
    #expect(plan.verdict == "exact")
  }

  @Test("use a shared table for every block")
  func sharedTable() throws {
    let plan = try plan(MemorySource.beit(shared: true), .small())
    let tables = plan.tensors.filter { $0.key.name.hasSuffix("bias_table") }
    #expect(tables.count == 2)
    #expect(
      tables.allSatisfy {
        $0.inputs == [SourceKey("rel_pos_bias.relative_position_bias_table")]
      })
    #expect(plan.dropped.isEmpty)
  }

  @Test("lose nothing of the encoder unless the user agrees, and then say so")
  func losses() throws {
    let source = try MemorySource.beit().adding(["pos_embed": [1, 17, 8], "what": [3]])
    let fault = try fault(source, .small())
    #expect(fault.code == .lossNotAllowed)
    #expect(fault.place.tensor == "pos_embed")
    #expect(fault.reason.contains("1 more"))
    #expect(fault.remedy?.contains("--allow-loss absolute-position-embedding") == true)
    let one = try self.fault(
      source, .small { $0.allowedLosses = ["absolute-position-embedding"] })
    #expect(one.place.tensor == "what")
    let both = try plan(
      source, .small { $0.allowedLosses = ["absolute-position-embedding", "unknown-tensor"] })
    #expect(both.verdict == "lossy: absolute-position-embedding, unknown-tensor")
  }

  @Test(
    "refuse weights that are no real numbers",
    arguments: ["blocks.0.norm1.weight", "patch_embed.proj.weight"])
  func integers(name: String) throws {
    var source = try MemorySource.beit()
    source.dtypes[name] = .i64
    let fault = try fault(source, .small())
    #expect(fault.code == .wrongDType)
    #expect(fault.place.tensor == "encoder.\(name)")
    #expect(fault.reason.contains(name))
  }

  @Test("drop heads and buffers without asking")
  func harmlessDrops() throws {
    let source = try MemorySource.beit().adding(["head.weight": [10, 8], "mask_token": [1, 1, 8]])
    let plan = try plan(source, .small())
    #expect(plan.dropped.map(\.rule.id) == ["classification-head", "mask-token"])
    #expect(plan.verdict == "exact")
  }

  @Test("say what limits the result")
  func verdicts() throws {
    let source = try MemorySource.beit()
    let resized = try plan(source, .small(grid: 6))
    #expect(resized.verdict == "exact up to the resizing of the relative position bias")
    let narrowed = try plan(source, .small { $0.storedDType = .all(.bf16) })
    #expect(narrowed.verdict == "exact up to the rounding of derived weights to a narrower type")
    let initialised = try plan(
      source,
      .small {
        $0.includesDecoder = true
        $0.outputChannels = 3
        $0.layers = [0, 0, 1, 1]
      })
    #expect(
      initialised.verdict == "exact up to what is initialised because the source has none")
  }

  @Test("join input channels as asked, and refuse what cannot be kept")
  func channels() throws {
    let source = try MemorySource.beit()
    let action = { (options: ConversionOptions) in
      try plan(source, options).tensors.first {
        $0.key.name.hasSuffix("proj.weight") && $0.shape.rank == 5
      }?
      .expression.steps.first
    }
    #expect(try action(.small()) == "average over 5 slices, channels sum")
    #expect(
      try action(.small { $0.inputChannels = 3 }) == "average over 5 slices, channels keep")
    #expect(
      try action(
        .small {
          $0.channels = .mean
          $0.patchEmbedding = .center
        })
        == "center over 5 slices, channels mean")
    let fault = try fault(source, .small { $0.channels = .keep })
    #expect(fault.code == .unsupportedGeometry)
    #expect(fault.place.tensor == "encoder.patch_embed.proj.weight")
  }

  @Test(
    "refuse image sizes that are no multiple of the patches, and say which are",
    arguments: [([3, 16, 5], "choose 4"), ([16, 18, 5], "choose 16 or 20")])
  func imageSize(size: [Int], remedy: String) throws {
    let fault = try fault(MemorySource.beit(), .small { $0.imageSize = size })
    #expect(fault.code == .unsupportedGeometry)
    #expect(fault.remedy == remedy)
  }

  @Test("refuse what no memory holds, before anything is written")
  func overLimit() throws {
    let source = try MemorySource.beit()
    for change in [
      { (options: inout ConversionOptions) in options.imageSize = [65536, 65536, 5] },
      { options in
        options.imageSize = [16, 16, 65536]
        options.inputChannels = 1 << 20
      },
      { options in options.inputChannels = .max },
      {
        options in
        options.includesDecoder = true
        options.outputChannels = .max
        options.layers = [0, 0, 1, 1]
      },
      {
        options in
        options.includesDecoder = true
        options.outputChannels = 1 << 40
        options.layers = [0, 0, 1, 1]
      },
    ] as [(inout ConversionOptions) -> Void] {
      let fault = try fault(source, .small { change(&$0) })
      #expect([Fault.Code.overLimit, .invalidShape].contains(fault.code))
      #expect(fault.place.tensor != nil)
    }
  }
}
