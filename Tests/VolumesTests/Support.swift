import Diagnostics
import Foundation
import Testing

@testable import Volumes

/// Where the fixtures lie; `make_fixtures.py` among them says how each was made.
let fixtures = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures/volumes")

func fixturePath(_ name: String) -> String { fixtures.appending(path: name).path }

func fixtureBytes(_ name: String) throws -> [UInt8] {
  try [UInt8](Data(contentsOf: fixtures.appending(path: name)))
}

func fixtureDocument<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
  try JSONDecoder().decode(type, from: Data(contentsOf: fixtures.appending(path: name)))
}

/// What nibabel read in a fixture.
struct ExpectedVolume: Decodable {
  let shape: [Int]
  let affine: [Double]
  let spacing: [Double]
  let values: [Double]

  static func all() throws -> [String: ExpectedVolume] {
    try fixtureDocument("volumes.json", as: [String: ExpectedVolume].self)
  }
}

/// Runs `body` with a folder that is gone afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "volumes-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Runs `body` with the path of a file that holds `bytes`.
func withFile<Result>(
  _ bytes: [UInt8], named name: String = "volume.nii", _ body: (String) throws -> Result
) throws -> Result {
  try withTemporaryFolder { folder in
    let file = folder.appending(path: name)
    try Data(bytes).write(to: file)
    return try body(file.path)
  }
}

func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
  var result: [UInt8] = []
  let emit = { (part: RawSpan) in part.withUnsafeBytes { result.append(contentsOf: $0) } }
  let deflater = try Deflater(.gzip)
  try deflater.append(bytes.span.bytes, emit: emit)
  try deflater.finish(emit: emit)
  return result
}

/// The fault that `body` ends with; running to the end without one is a failure of the test.
func fault(
  _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Fault {
  try #require(throws: Fault.self, sourceLocation: sourceLocation) { try body() }
}

/// Runs `body`, which must end with a fault of `code`.
func expectFault(
  _ code: Fault.Code, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) throws {
  let found = try fault(body, sourceLocation: sourceLocation)
  #expect(found.code == code, "\(found)", sourceLocation: sourceLocation)
}

func geometry(_ height: Int, _ width: Int, _ depth: Int) throws -> VolumeGeometry {
  try VolumeGeometry(
    extents: VolumeExtents(height: height, width: width, depth: depth), orientation: .upright())
}

func exponential(_ value: Float) -> Float { Float(exp(Double(value))) }
