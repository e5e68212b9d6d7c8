import Architectures
import ArgumentParser
import Checkpoints
import Diagnostics
import Documents
import ModelZoo
import Tensors

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what a checkpoint holds: its family, hyper-parameters and tensors.",
    discussion: "Reads the file's header alone, however large the file is, unless asked for more.")

  @Argument(
    help: ArgumentHelp("A checkpoint: a file, an index of shards, a folder.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Show only tensors whose name matches (* and ?).", valueName: "glob"))
  var tensors: String?

  @Flag(help: "Read every tensor: least and greatest value, mean, deviation, NaN and infinities.")
  var stats = false

  @Flag(help: "Read every tensor: the SHA-256 of its bytes.")
  var sha256 = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Hints") var recognition: RecognitionOptions
  @OptionGroup(title: "Hints") var opening: OpeningOptions

  func run() throws {
    let source = try opening.open(file)
    let glob = tensors.map(Glob.init)
    let shown = source.tensors.filter { glob?.matches($0.key.name) ?? true }
    if let tensors, shown.isEmpty {
      throw Fault(.missingTensor, "no tensor matches \(printable(tensors))", at: .init(file: file))
    }
    let family = Result { () throws -> RecognisedModel in
      try recognition.catalogue().recognise(source, hints: recognition.hints(for: file))
    }
    if json {
      try StandardOutput.write(document(source, shown, family))
    } else {
      try StandardOutput.write(text(source, shown, family))
    }
  }

  private func text(
    _ source: any TensorSource, _ shown: [TensorDescription],
    _ family: Result<RecognisedModel, any Error>
  ) throws -> String {
    let bytes = source.tensors.reduce(0) { $0 + $1.byteCount }
    var lines = [
      "\(printable(file)): \(source.formatName), \(source.tensors.count) tensors, "
        + "\(Quantities.parameters(Self.parameterCount(source))) parameters, "
        + "\(byteCountText(bytes))"
    ]
    switch family {
    case .success(let model):
      lines.append(
        "family  \(model.family.id) (\(model.family.title))\(model.hasDecoder ? " with decoder" : "")"
      )
      let parameters = model.parameters.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
      lines.append("        \(printable(parameters.joined(separator: ", "), limit: 1000))")
      if let record = model.record {
        let options = record.options.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
        lines.append(
          "made    by inflate-ckpt: \(printable(options.joined(separator: ", "), limit: 1000))")
      }
    case .failure(let error): lines.append("family  not recognised: \(error)")
    }
    var table = TextTable(columns)
    for (tensor, reading) in zip(shown, try readings(of: shown, in: source)) {
      table.add(cells(of: tensor, reading))
    }
    return lines.joined(separator: "\n") + "\n\n" + table.text
  }

  private func document(
    _ source: any TensorSource, _ shown: [TensorDescription],
    _ family: Result<RecognisedModel, any Error>
  ) throws -> JSONValue {
    let model = try? family.get()
    return .object([
      "formatVersion": 1,
      "file": .string(file),
      "format": .string(source.formatName),
      "parameterCount": .integer(Int64(Self.parameterCount(source))),
      "family": model.map { .string($0.family.id) },
      "parameters": model.map { model in
        .object(
          model.parameters.sorted { $0.key < $1.key }
            .map { .init($0.key, .integer(Int64($0.value))) })
      },
      "metadata": .object(
        source.metadata.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
      "tensors": .array(
        zip(shown, try readings(of: shown, in: source)).map(document)),
    ])
  }

  /// Elements of floating-point tensors: index buffers are no parameters.
  private static func parameterCount(_ source: any TensorSource) -> Int {
    source.tensors.reduce(0) { $0 + ($1.dtype.isFloatingPoint ? $1.shape.elementCount : 0) }
  }
}
