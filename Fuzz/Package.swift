// swift-tools-version: 6.1
import PackageDescription

// The readers once more, through links to their folders, with libFuzzer's instrumentation: flags
// that only a root package may set, and that no release should carry.

/// Coverage in what is fuzzed; the standard library's own checks of pointers stay in.
let instrumented: [SwiftSetting] = [
  .unsafeFlags(["-sanitize=fuzzer", "-assert-config", "Debug", "-g"])
]

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "fuzz-\(name)", dependencies: ["FuzzSupport"] + dependencies,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
}

let package = Package(
  name: "inflate-ckpt-fuzz",
  dependencies: [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Diagnostics", swiftSettings: instrumented),
    .target(name: "Documents", dependencies: ["Diagnostics"], swiftSettings: instrumented),
    .target(
      name: "Files",
      dependencies: ["Diagnostics", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: instrumented),
    .target(name: "Tensors", dependencies: ["Diagnostics"], swiftSettings: instrumented),
    .target(
      name: "Checkpoints",
      dependencies: ["CZlib", "Diagnostics", "Documents", "Files", "Tensors"],
      swiftSettings: instrumented),
    .target(
      name: "Volumes", dependencies: ["CZlib", "Diagnostics", "Files"],
      swiftSettings: instrumented),
    .systemLibrary(name: "CLibFuzzer"),
    .target(name: "FuzzSupport", dependencies: ["CLibFuzzer", "Diagnostics", "Tensors"]),
    fuzzer("hdf5", ["Checkpoints"]),
    fuzzer("json", ["Documents"]),
    fuzzer("nifti", ["Volumes"]),
    fuzzer("numpy", ["Checkpoints"]),
    fuzzer("safetensors", ["Checkpoints"]),
    fuzzer("torch", ["Checkpoints"]),
  ],
  swiftLanguageModes: [.v6]
)
