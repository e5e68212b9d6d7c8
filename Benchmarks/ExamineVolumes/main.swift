import Documents
import Foundation
import Volumes

// What the scripts beside this folder and in Scripts/conformance hold against nibabel, MONAI and
// scipy: one task of the library at a time, its figures and its time printed as one line of JSON.

let usage = """
  usage: examine-volumes describe FILE                       geometry and stored type
         examine-volumes read FILE                           reads all voxels
         examine-volumes metrics PREDICTION LABELS CLASSES   overlap and surface distances
         examine-volumes convert IN OUT                      the voxels as 32-bit reals
         examine-volumes reorient IN OUT AXES
         examine-volumes respace IN OUT H,W,D nearest|linear|cubic
         examine-volumes slide IN OUT H,W,D OVERLAP constant|gaussian

  """

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let elapsed = try clock.measure(body)
  return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
}

func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }

func list(_ text: String) -> [Double] { text.split(separator: ",").compactMap { Double($0) } }

func describe(_ path: String) throws -> JSONValue {
  let header = try NIfTIFile(path: path).header
  return .object([
    "version": .integer(Int64(header.version.rawValue)), "type": .string("\(header.voxelType)"),
    "shape": .integers([header.extents.height, header.extents.width, header.extents.depth]),
    "channels": .integer(Int64(header.channelCount)),
    "affine": numbers(header.geometry.affine.rowMajor),
    "spacing": numbers(header.geometry.spacing),
    "axes": .string("\(try AxisCodes(of: header.geometry.affine))"),
  ])
}

func metrics(_ prediction: String, _ labels: String, classes: Int) throws -> JSONValue {
  let volumes = try [prediction, labels].map { try LabelVolume(contentsOf: $0) }
  var found: SegmentationMetrics?
  let time = try seconds {
    found = try SegmentationMetrics(
      prediction: volumes[0], reference: volumes[1], classCount: classes)
  }
  return .object([
    "seconds": .number(time),
    "classes": .array(
      (found?.classes ?? []).map { metrics in
        .object([
          "dice": number(metrics.dice), "iou": number(metrics.intersectionOverUnion),
          "hausdorff95": number(metrics.hausdorff95),
          "average": number(metrics.averageSurfaceDistance),
          "averageSymmetric": number(metrics.averageSymmetricSurfaceDistance),
          "volumeDifference": .number(metrics.volumeDifference),
        ])
      }),
  ])
}

/// Scores of three classes that depend on the intensity and on the place in the window, as a model's
/// do: what the scripts give MONAI, too.
func plainModel(_ window: [Float], channels: Int) -> [Float] {
  let count = window.count / channels
  let pattern = (0..<count).map { Float($0 * 37 % 11) / 10 }
  let (first, last) = (window[..<count], window[(channels - 1) * count..<channels * count])
  return zip(first, pattern).map { $0 * 0.5 + $1 } + last.map { -$0 + 0.3 }
    + zip(first, pattern).map { $0 * $1 - 0.2 }
}

func slide(
  _ input: String, _ output: String, window: [Double], overlap: Double, mode: String
) throws {
  let channels = try NIfTIFile(path: input).channels()
  let grid = try WindowGrid(
    over: channels[0].extents, window: window.map { Int($0) },
    overlap: [overlap, overlap, overlap])
  let windows = SlidingWindows(
    grid: grid, blending: mode == "gaussian" ? .gaussian() : .constant)
  let scores = try windows.scores(of: channels, classCount: 3) {
    plainModel($0, channels: channels.count)
  }
  try Volume.write(scores, to: output, replacing: true)
}

func run(_ arguments: [String]) throws -> JSONValue? {
  switch (arguments.first, arguments.count) {
  case ("describe", 2): return try describe(arguments[1])
  case ("read", 2):
    var voxels = 0
    let time = try seconds {
      voxels = try NIfTIFile(path: arguments[1]).channels().reduce(0) { $0 + $1.values.count }
    }
    return .object(["seconds": .number(time), "voxels": .integer(Int64(voxels))])
  case ("metrics", 4):
    return try metrics(arguments[1], arguments[2], classes: Int(arguments[3]) ?? 2)
  case ("convert", 3):
    try Volume.write(
      try NIfTIFile(path: arguments[1]).channels(), to: arguments[2], replacing: true)
  case ("reorient", 4):
    let volume = try Volume(contentsOf: arguments[1])
    let turn = try Reorientation(
      from: volume.geometry, to: AxisCodes(parsing: arguments[3]))
    try turn.applied(to: volume).write(to: arguments[2], replacing: true)
  case ("respace", 5):
    let volume = try Volume(contentsOf: arguments[1])
    let grid = try volume.geometry.respaced(to: list(arguments[3]))
    try Resampling(from: volume.geometry, onto: grid)
      .resampled(volume, Interpolation(rawValue: arguments[4]) ?? .linear)
      .write(to: arguments[2], replacing: true)
  case ("slide", 6):
    try slide(
      arguments[1], arguments[2], window: list(arguments[3]),
      overlap: Double(arguments[4]) ?? 0, mode: arguments[5])
  default: return nil
  }
  return .object([])
}

do {
  guard let result = try run(Array(CommandLine.arguments.dropFirst())) else {
    FileHandle.standardError.write(Data(usage.utf8))
    exit(64)
  }
  print(result.text(.compact))
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(65)
}
