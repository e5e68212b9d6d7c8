import Tensors

/// A name out of Python's modules that a checkpoint may refer to. None is ever imported or called:
/// the few that stand for tensors have a meaning here, the others are kept as they are.
struct PickleGlobal: Sendable, Hashable {
  enum Meaning: Sendable, Hashable {
    /// A dictionary under another name.
    case dictionary
    case tensor(TensorRecipe)
    /// The class of a storage, and its element type where there is one for it.
    case storage(DType?)
    /// A storage that is counted in bytes.
    case untypedStorage
    case elementType(DType?)
    /// A function or class whose results are no tensors.
    case opaque
  }

  /// The functions that tensors are pickled as calls of.
  enum TensorRecipe: Sendable, Hashable {
    /// (storage, offset, size, stride[, …])
    case view
    /// The same and the element type in the seventh place.
    case typedView
    /// (tensor, …)
    case parameter
    /// (function, class, its arguments, …)
    case subclass
  }

  private let index: UInt16

  /// - Parameter name: a dotted name, as the pickle spells it.
  init?(_ name: String) {
    guard let index = PickleGlobal.indices[name] else { return nil }
    self.index = index
  }

  var name: String { PickleGlobal.allowed[Int(index)].name }
  var meaning: Meaning { PickleGlobal.allowed[Int(index)].meaning }

  var isCallable: Bool {
    switch meaning {
    case .dictionary, .tensor, .opaque: true
    case .storage, .untypedStorage, .elementType: false
    }
  }

  private static let allowed: [(name: String, meaning: Meaning)] =
    tensors + storages + elementTypes + dictionaries + opaque
  private static let indices = Dictionary(
    uniqueKeysWithValues: allowed.enumerated().map { ($1.name, UInt16($0)) })
}

extension PickleGlobal {
  private static let tensors: [(name: String, meaning: Meaning)] = [
    ("torch._utils._rebuild_tensor", .tensor(.view)),
    ("torch._utils._rebuild_tensor_v2", .tensor(.view)),
    ("torch._utils._rebuild_tensor_v3", .tensor(.typedView)),
    ("torch._utils._rebuild_parameter", .tensor(.parameter)),
    ("torch._utils._rebuild_parameter_with_state", .tensor(.parameter)),
    ("torch.nn.parameter.Parameter", .tensor(.parameter)),
    ("torch._tensor._rebuild_from_type_v2", .tensor(.subclass)),
  ]

  private static let storages: [(name: String, meaning: Meaning)] =
    TorchElementType.storageNames.map { ("torch.\($0.name)", .storage($0.dtype)) }
    + [
      ("torch.storage.UntypedStorage", .untypedStorage), ("torch.UntypedStorage", .untypedStorage),
    ]

  private static let elementTypes: [(name: String, meaning: Meaning)] =
    TorchElementType.names.map { ("torch.\($0.name)", .elementType($0.dtype)) }

  private static let dictionaries: [(name: String, meaning: Meaning)] = [
    ("collections.OrderedDict", .dictionary), ("collections.defaultdict", .dictionary),
  ]

  /// What training scripts leave beside the weights: their arguments, numbers, shapes.
  private static let opaque: [(name: String, meaning: Meaning)] =
    [
      "argparse.Namespace", "collections.Counter", "pathlib.PosixPath", "_codecs.encode",
      "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar",
      "numpy.core.multiarray._reconstruct", "numpy._core.multiarray.scalar",
      "numpy._core.multiarray._reconstruct", "torch.Size", "torch.device", "torch.Tensor",
      "torch.nn.parameter.Buffer", "torch.serialization._get_layout",
    ].map { ($0, .opaque) }
    + [
      "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "long",
      "range", "set", "slice", "str", "tuple", "unicode", "xrange",
    ].flatMap { [("__builtin__.\($0)", .opaque), ("builtins.\($0)", .opaque)] }
}
