// swift-tools-version: 6.1
import PackageDescription

/// The targets' imports point one way: from the command line at the bottom of this list to the
/// vocabulary at its top. `Segmenter` never sees `Inflation`, which is what makes its verdict on a
/// conversion worth something.
let package = Package(
  name: "inflate-ckpt",
  products: [
    .executable(name: "inflate-ckpt", targets: ["inflate-ckpt"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // C libraries, found through pkg-config.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Vocabulary.
    .target(name: "Diagnostics"),
    .target(name: "Documents", dependencies: ["Diagnostics"]),
    .target(
      name: "Files",
      dependencies: ["Diagnostics", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "Tensors", dependencies: ["Diagnostics"]),

    // What the binary carries inside itself.
    .target(
      name: "BuiltInZoo", path: "Zoo", exclude: ["Reference"],
      resources: [
        .embedInCode("Families"), .embedInCode("Models"), .embedInCode("Recipes"),
      ]),
    .target(
      name: "BuiltInSchemas", path: "Schemas",
      resources: [
        .embedInCode("conversion-report.schema.json"),
        .embedInCode("difference.schema.json"),
        .embedInCode("family.schema.json"),
        .embedInCode("inspection.schema.json"),
        .embedInCode("mirror-index.schema.json"),
        .embedInCode("model-entry.schema.json"),
        .embedInCode("plan.schema.json"),
        .embedInCode("recipe.schema.json"),
        .embedInCode("verification-report.schema.json"),
      ]),

    // The work.
    .target(
      name: "Checkpoints",
      dependencies: ["CZlib", "Diagnostics", "Documents", "Files", "Tensors"]),
    .target(
      name: "Architectures", dependencies: ["BuiltInZoo", "Diagnostics", "Documents", "Tensors"]),
    .target(
      name: "Inflation",
      dependencies: [
        "Architectures", "BuiltInZoo", "Checkpoints", "Diagnostics", "Documents", "Files",
        "Tensors",
      ]),
    // The innermost loops, in C because only C can name a function's instruction set without flags
    // that would bar the package from being a dependency.
    .target(name: "CKernels"),
    .target(name: "Kernels", dependencies: ["CKernels", "Diagnostics", "Tensors"]),
    .target(
      name: "Segmenter", dependencies: ["Architectures", "Diagnostics", "Kernels", "Tensors"]),
    .target(name: "Volumes", dependencies: ["CZlib", "Diagnostics", "Documents", "Files"]),
    .target(
      name: "Verification",
      dependencies: [
        "Architectures", "Checkpoints", "Diagnostics", "Documents", "Inflation", "Segmenter",
        "Tensors", "Volumes",
      ]),
    .target(name: "ModelZoo", dependencies: ["BuiltInZoo", "Diagnostics", "Documents", "Files"]),
    .executableTarget(
      name: "inflate-ckpt",
      dependencies: [
        "Architectures", "BuiltInSchemas", "Checkpoints", "Diagnostics", "Documents", "Files",
        "Inflation", "ModelZoo", "Segmenter", "Tensors", "Verification", "Volumes",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .executableTarget(
      name: "stream-checkpoint", dependencies: ["Checkpoints", "Tensors"],
      path: "Benchmarks/StreamCheckpoint"
    ),
    .executableTarget(
      name: "examine-volumes", dependencies: ["Documents", "Volumes"],
      path: "Benchmarks/ExamineVolumes"),
    .executableTarget(
      name: "run-segmenter",
      dependencies: ["Architectures", "Checkpoints", "Segmenter", "Tensors"],
      path: "Benchmarks/RunSegmenter"),

    // What tests of several targets need.
    .target(
      name: "SchemaSupport", dependencies: ["Diagnostics", "Documents"],
      path: "Tests/SchemaSupport"),
    .testTarget(
      name: "SchemaSupportTests",
      dependencies: ["BuiltInSchemas", "Diagnostics", "Documents", "SchemaSupport"]),

    // One test target per target of the work.
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),
    .testTarget(name: "DocumentsTests", dependencies: ["Diagnostics", "Documents"]),
    .testTarget(name: "FilesTests", dependencies: ["Diagnostics", "Files"]),
    .testTarget(name: "TensorsTests", dependencies: ["Diagnostics", "Tensors"]),
    .testTarget(
      name: "CheckpointsTests",
      dependencies: ["Checkpoints", "Diagnostics", "Documents", "Tensors"]),
    .testTarget(
      name: "ArchitecturesTests",
      dependencies: [
        "Architectures", "BuiltInSchemas", "BuiltInZoo", "Checkpoints", "Diagnostics", "Documents",
        "SchemaSupport", "Tensors",
      ]),
    .testTarget(
      name: "InflationTests",
      dependencies: [
        "Architectures", "BuiltInSchemas", "BuiltInZoo", "Checkpoints", "Diagnostics", "Documents",
        "Inflation", "SchemaSupport", "Tensors",
      ]),
    .testTarget(name: "KernelsTests", dependencies: ["Diagnostics", "Kernels"]),
    .testTarget(
      name: "SegmenterTests",
      dependencies: [
        "Architectures", "Checkpoints", "Diagnostics", "Documents", "Segmenter", "Tensors",
      ]),
    .testTarget(
      name: "VolumesTests", dependencies: ["Diagnostics", "Documents", "Files", "Volumes"]),
    .testTarget(
      name: "VerificationTests",
      dependencies: [
        "Architectures", "BuiltInSchemas", "Checkpoints", "Diagnostics", "Documents", "Inflation",
        "SchemaSupport", "Segmenter", "Tensors", "Verification", "Volumes",
      ]),
    .testTarget(
      name: "ModelZooTests",
      dependencies: [
        "BuiltInSchemas", "BuiltInZoo", "Diagnostics", "Documents", "Files", "ModelZoo",
        "SchemaSupport",
      ]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "BuiltInSchemas", "Checkpoints", "Documents", "SchemaSupport", "Tensors", "inflate-ckpt",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
