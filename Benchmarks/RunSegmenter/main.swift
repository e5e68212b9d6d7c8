// Times forward passes of a model, for Benchmarks/segmenters.
//
// The input is a safetensors file with one tensor, `input` [channels, depth, height, width]. The
// result of the last pass goes to OUTPUT as bare 32-bit floats: the scores, or the activation that
// is named.

import Architectures
import Checkpoints
import Foundation
import Segmenter
import Tensors

func run(_ arguments: [String]) throws {
  let clock = ContinuousClock()
  let start = clock.now
  SegmentationModel.threadCount = Int(arguments[3]) ?? 1
  let source = try openCheckpoint(at: arguments[0])
  let model = try SegmentationModel(
    model: FamilyCatalogue.builtIn().recognise(source), source: source)
  let input = try openCheckpoint(at: arguments[1]).floats(of: SourceKey("input"))
  let loading = clock.now - start
  let activation = arguments.count > 5 ? arguments[5] : nil
  var times: [Duration] = []
  var result: FloatTensor?
  for _ in 0..<(Int(arguments[4]) ?? 1) {
    result = nil
    times.append(
      try clock.measure {
        guard let activation else {
          result = try model.logits(for: input)
          return
        }
        var taps = ActivationTaps([activation])
        try model.activations(for: input, taps: &taps)
        result = taps[activation]
      })
  }
  // Written as it lies there: the peak of memory is measured too.
  guard let file = fopen(arguments[2], "wb") else { throw CocoaError(.fileWriteUnknown) }
  defer { fclose(file) }
  result?.values.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
  let seconds = times.map { "\($0 / .seconds(1))" }.joined(separator: ", ")
  print("{\"loading\": \(loading / .seconds(1)), \"seconds\": [\(seconds)]}")
}

guard (6...7).contains(CommandLine.arguments.count) else {
  FileHandle.standardError.write(
    Data("usage: run-segmenter CKPT INPUT OUTPUT THREADS PASSES [ACTIVATION]\n".utf8))
  exit(64)
}
do {
  try run(Array(CommandLine.arguments.dropFirst()))
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(65)
}
