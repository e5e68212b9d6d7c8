import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import Inflation
import Tensors

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Inflates a 2D checkpoint into a 3D segmenter's.",
    discussion: """
      The plan accounts for every tensor of the source and of the target; --plan prints it and \
      writes nothing. The same source and options give the same bytes. A recipe holds a target and \
      options that are known to work; what the command line says goes before it.
      """)

  @Argument(
    help: ArgumentHelp(
      "The 2D checkpoint: safetensors, HDF5, PyTorch or NumPy; a file, an index of shards, a "
        + "folder.", valueName: "source"))
  var source: String

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp(
      "What to make: transseg-beit, monai-unetr, video-swin, … The recipe's by default.",
      valueName: "target"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "Target and options that are known to work: the name of a built-in recipe, or a file.",
      valueName: "name|file"))
  var recipe: String?

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("\(CheckpointOutputOptions.help)", valueName: "file"))
  var output: String?

  @Option(
    name: .customLong("source"),
    help: ArgumentHelp("The source's family, or auto to find it out.", valueName: "family"))
  var sourceFamily = "auto"

  @OptionGroup(title: "Geometry and strategies") var conversion: ConversionArguments
  @OptionGroup(title: "Output") var outputOptions: CheckpointOutputOptions
  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  @Flag(name: .customLong("plan"), help: "Print the plan and write nothing.")
  var planOnly = false

  @Option(
    help: ArgumentHelp(
      "Write the conversion report: JSON, or a table to a .txt.", valueName: "file"))
  var report: String?

  @Flag(help: "Print JSON: the plan, or the report.")
  var json = false

  @Flag(help: "Replace existing files.")
  var force = false

  func validate() throws {
    if target == nil, recipe == nil {
      throw ValidationError("say what to make with --to, or --recipe")
    }
    if !planOnly {
      guard let output else { throw ValidationError("say where to write with -o, or --plan") }
      _ = try outputOptions.output(output, replacing: force)
      if outputOptions.maxShardSize != nil, report != nil || json {
        throw ValidationError("the report describes one file; leave out --max-shard-size")
      }
    } else if report != nil {
      throw ValidationError("--report needs a conversion; use --plan --json for the plan")
    }
  }

  func run() throws {
    let source = try opening.open(source)
    let catalogue = try recognition.catalogue()
    let recipe = try RecipeOption.recipe(recipe)
    let target = try catalogue.target(target ?? recipe?.target ?? "")
    let model = try catalogue.recognise(source, hints: hints(recipe))
    try recipe?.check(isFor: model.family.id)
    guard model.family.dimensions == 2 else {
      throw Fault(
        .unsupportedGeometry, "this is a \(model.family.title) checkpoint, 3D already",
        at: .init(file: self.source))
    }
    var decoderFile: (any TensorSource)?
    if case .file(let path)? = conversion.decoderInit { decoderFile = try opening.open(path) }
    let plan = try PlanBuilder(
      source: source, model: model, target: target, catalogue: catalogue,
      options: options(for: model, target: target, recipe: recipe), decoderFile: decoderFile
    ).plan()
    guard !planOnly, let output else {
      if json {
        try StandardOutput.write(plan.document(sourceName: self.source))
      } else {
        try StandardOutput.write(PlanText.full(plan))
      }
      return
    }
    try OutputFile.check(
      [output] + [report].compactMap { $0 },
      inputs: [self.source] + [decoderFile?.path].compactMap { $0 }, replacing: force)
    try write(
      Conversion(plan: plan, source: source, decoderFile: decoderFile), to: output)
  }

  private func hints(_ recipe: Recipe?) throws -> RecognitionHints {
    var recognition = recognition
    recognition.heads = recognition.heads ?? recipe?.heads
    var hints = try recognition.hints(
      for: source, familyID: sourceFamily == "auto" ? nil : sourceFamily)
    hints.preferredDimensions = 2
    return hints
  }

  private func options(
    for model: RecognisedModel, target: Family, recipe: Recipe?
  ) throws -> ConversionOptions {
    var options = try conversion.options(for: model, target: target, recipe: recipe?.options)
    options.layers = recognition.layers ?? options.layers
    return options
  }

  private func write(_ conversion: Conversion, to output: String) throws {
    let record = try conversion.record()
    let progress = ProgressLine("writing tensor")
    try conversion.write(
      to: outputOptions.output(output, replacing: force), record: record,
      progress: progress.update)
    guard json || report != nil else {
      try printSummary(of: conversion.plan, output: output)
      return
    }
    let finished = try ConversionReport(
      of: conversion, sourceName: source, record: record, output: output)
    if let report { try write(finished, to: report) }
    if json {
      try StandardOutput.write(finished.document)
    } else {
      try printSummary(of: conversion.plan, output: output)
    }
  }

  private func write(_ finished: ConversionReport, to path: String) throws {
    guard path.lowercased().hasSuffix(".txt") else {
      return try OutputFile.write(finished.document, to: path, replacing: force)
    }
    try OutputFile.write(
      PlanText.full(finished.plan, norms: finished.norms), to: path, replacing: force)
  }

  private func printSummary(of plan: Plan, output: String) throws {
    try StandardOutput.write(
      PlanText.summary(plan) + "wrote \(printable(output, limit: 4096))\n")
  }
}
