import Checkpoints
import Diagnostics
import Tensors
import Testing

@Suite("Refusing hostile tensors and storages")
struct TorchTensorRefusalTests {
  private static func storage(_ pid: [UInt8]) -> [UInt8] { TorchFile.zip(of: Pickle.tensor(pid)) }

  @Test("a persistent id that names no storage is a fault", arguments: persistentIDs)
  func persistentIDsAreRefused(hostile: TorchCase) throws { try hostile.check() }

  static let persistentIDs: [TorchCase] = [
    TorchCase("a string", storage(Pickle.text("0") + Pickle.binpersid), .torchPersistentID),
    TorchCase("a number", storage(Pickle.integer(0) + Pickle.binpersid), .torchPersistentID),
    TorchCase(
      "an empty tuple", storage(Pickle.emptyTuple + Pickle.binpersid), .torchPersistentID),
    TorchCase("another tag", storage(Pickle.storage(tag: Pickle.text("x"))), .torchPersistentID),
    TorchCase(
      "a module", storage(Pickle.storage(tag: Pickle.text("module"))), .torchPersistentID,
      saying: "whole model"),
    TorchCase("no tag", storage(Pickle.storage(tag: Pickle.none)), .torchPersistentID),
    TorchCase("no type", storage(Pickle.storage(type: Pickle.none)), .torchPersistentID),
    TorchCase(
      "a type that is no storage's",
      storage(Pickle.storage(type: Pickle.global("torch", "float32"))), .torchPersistentID),
    TorchCase(
      "a key that leads elsewhere", storage(Pickle.storage(key: Pickle.text("../0"))),
      .torchPersistentID, saying: "key"),
    TorchCase("an empty key", storage(Pickle.storage(key: Pickle.text(""))), .torchPersistentID),
    TorchCase("a number for a key", storage(Pickle.storage(key: Pickle.none)), .torchPersistentID),
    TorchCase(
      "no location", storage(Pickle.storage(location: Pickle.none)), .torchPersistentID),
    TorchCase(
      "a negative count", storage(Pickle.storage(count: Pickle.integer(-1))), .torchPersistentID),
    TorchCase(
      "a count that overflows", storage(Pickle.storage(count: Pickle.integer(.max))),
      .torchPersistentID),
    TorchCase(
      "a count of 2040 bits",
      storage(Pickle.storage(count: [0x8A, 255] + [UInt8](repeating: 1, count: 255))),
      .torchPersistentID),
    TorchCase(
      "a float for a count",
      storage(Pickle.storage(count: [0x47, 0, 0, 0, 0, 0, 0, 0, 0])), .torchPersistentID),
    TorchCase(
      "a part of another storage",
      storage(
        Pickle.tuple(
          Pickle.text("storage"), Pickle.global("torch", "FloatStorage"), Pickle.text("0"),
          Pickle.text("cpu"), Pickle.integer(4), Pickle.emptyTuple) + Pickle.binpersid),
      .torchPersistentID),
    TorchCase(
      "one key with two sizes",
      TorchFile.zip(
        Pickle.of(
          Pickle.dictionary(
            ("a", Pickle.tensor()),
            ("b", Pickle.tensor(Pickle.storage(count: Pickle.integer(3))))))),
      .torchPersistentID),
    TorchCase(
      "a key without a member", storage(Pickle.storage(key: Pickle.text("7"))),
      .torchMissingStorage, saying: "data/7"),
    TorchCase(
      "more elements than the member has",
      TorchFile.zip(
        Pickle.of(Pickle.dictionary(("w", Pickle.tensor()))), storages: ["0": [1, 2, 3]]),
      .torchStorageSize),
    TorchCase(
      "fewer elements than the member has",
      TorchFile.zip(
        Pickle.of(Pickle.dictionary(("w", Pickle.tensor()))),
        storages: ["0": [UInt8](repeating: 0, count: 17)]),
      .torchStorageSize),
  ]

  private static func view(
    offset: Int = 0, size: [UInt8] = Pickle.shape(4), stride: [UInt8] = Pickle.shape(1)
  ) -> [UInt8] {
    TorchFile.zip(
      of: Pickle.tensor(offset: Pickle.integer(offset), size: size, stride: stride))
  }

  @Test("a view that does not lie in its storage is a fault", arguments: views)
  func viewsAreRefused(hostile: TorchCase) throws { try hostile.check() }

  static let views: [TorchCase] = [
    TorchCase("an offset too far", view(offset: 1), .torchView),
    TorchCase("a negative offset", view(offset: -1), .torchView),
    TorchCase("the largest offset", view(offset: .max), .torchView),
    TorchCase("one element too many", view(size: Pickle.shape(5)), .torchView),
    TorchCase("a negative size", view(size: Pickle.shape(-4)), .invalidShape),
    TorchCase("a stride too long", view(stride: Pickle.shape(2)), .torchView),
    TorchCase("a negative stride", view(stride: Pickle.shape(-1)), .torchView),
    TorchCase("a stride that overflows", view(stride: Pickle.shape(.max)), .torchView),
    TorchCase(
      "reaches that overflow together",
      view(size: Pickle.shape(2, 2), stride: Pickle.shape(Int.max, Int.max)), .torchView),
    TorchCase("fewer strides than sizes", view(stride: Pickle.shape()), .torchView),
    TorchCase(
      "65 axes",
      view(
        size: Pickle.mark + (0..<65).flatMap { _ in Pickle.integer(1) } + [0x74],
        stride: Pickle.mark + (0..<65).flatMap { _ in Pickle.integer(1) } + [0x74]),
      .torchView),
    TorchCase(
      "more elements than 63 bits count",
      view(size: Pickle.shape(1 << 40, 1 << 40), stride: Pickle.shape(0, 0)), .invalidShape),
    TorchCase(
      "more bytes than 63 bits count",
      view(size: Pickle.shape(1 << 31, 1 << 31), stride: Pickle.shape(0, 0)), .invalidShape),
    TorchCase(
      "terabytes from one element",
      view(size: Pickle.shape(1 << 20, 1 << 20), stride: Pickle.shape(0, 0)), .torchViewLimit),
    TorchCase(
      "many views of some megabytes",
      TorchFile.zip(
        Pickle.of(
          Pickle.emptyDict, Pickle.mark,
          (0..<20).flatMap {
            Pickle.text("\($0)")
              + Pickle.tensor(size: Pickle.shape(1 << 22), stride: Pickle.shape(0))
          }, Pickle.setitems)),
      .torchViewLimit),
    TorchCase("a string for a size", view(size: Pickle.text("4")), .torchTensor),
    TorchCase("a float in a size", view(size: Pickle.tuple(Pickle.none)), .torchTensor),
    TorchCase(
      "a size of 2040 bits",
      view(size: Pickle.tuple([0x8A, 255] + [UInt8](repeating: 1, count: 255))), .torchTensor),
  ]

  @Test("a recipe that PyTorch would not follow is a fault", arguments: recipes)
  func recipesAreRefused(hostile: TorchCase) throws { try hostile.check() }

  private static func parameters(_ count: Int) -> [UInt8] {
    (0..<count).reduce(Pickle.tensor()) { inner, _ in
      Pickle.call("torch._utils", "_rebuild_parameter", inner, Pickle.no, Pickle.orderedDict)
    }
  }

  static let recipes: [TorchCase] = [
    TorchCase(
      "a tensor from nothing",
      TorchFile.zip(of: Pickle.call("torch._utils", "_rebuild_tensor_v2")), .torchTensor),
    TorchCase("a tensor from a string", storage(Pickle.text("0")), .torchTensor),
    TorchCase("a tensor from a tensor", storage(Pickle.tensor()), .torchTensor),
    TorchCase(
      "a parameter from a storage",
      TorchFile.zip(
        of: Pickle.call("torch._utils", "_rebuild_parameter", Pickle.storage(), Pickle.no)),
      .torchTensor),
    TorchCase(
      "a parameter from nothing",
      TorchFile.zip(of: Pickle.call("torch._utils", "_rebuild_parameter")), .torchTensor),
    TorchCase(
      "nine parameters in one another", TorchFile.zip(of: parameters(9)), .torchTensor,
      saying: "recipes"),
    TorchCase(
      "a class from a function that is none",
      TorchFile.zip(
        of: Pickle.call(
          "torch._tensor", "_rebuild_from_type_v2", Pickle.text("eval"), Pickle.none, Pickle.none)),
      .torchTensor),
    TorchCase(
      "bytes without an element type",
      storage(
        Pickle.storage(
          type: Pickle.global("torch.storage", "UntypedStorage"), count: Pickle.integer(16))),
      .torchElementType),
    TorchCase(
      "an element type of another kind",
      TorchFile.zip(
        of: Pickle.call(
          "torch._utils", "_rebuild_tensor_v3", Pickle.storage(), Pickle.integer(0),
          Pickle.shape(4), Pickle.shape(1), Pickle.no, Pickle.orderedDict, Pickle.none)),
      .torchTensor),
    TorchCase(
      "metadata of another kind", TorchFile.zip(of: Pickle.tensor(metadata: Pickle.text("x"))),
      .torchTensor),
    TorchCase(
      "a pair that is none",
      TorchFile.zip(
        Pickle.of(
          Pickle.call(
            "collections", "OrderedDict", Pickle.emptyList + Pickle.none + Pickle.append))),
      .torchTensor),
    TorchCase("a number at the top", TorchFile.zip(Pickle.of(Pickle.none)), .noStateDictionary),
    TorchCase(
      "an empty dictionary", TorchFile.zip(Pickle.of(Pickle.emptyDict)), .noStateDictionary),
  ]
}
