import Diagnostics
import Tensors

/// How tensor names become the names of links.
package enum HDF5Naming: Sendable, CaseIterable {
  /// One dataset a tensor in the root group, dots and all: `blocks.0.norm.weight`.
  case flat
  /// Groups for everything before a dot: `blocks/0/norm/weight`.
  case grouped
}

/// A group of the file that is going to be written: links in ascending order of their names' bytes,
/// which is the order that the library searches them in.
struct HDF5NameTree {
  enum Target {
    /// The tensor of this number.
    case dataset(Int)
    case group(HDF5NameTree)
  }

  private(set) var links: [(name: [UInt8], target: Target)] = []

  private struct Path {
    let tensor: Int
    let parts: [[UInt8]]
  }

  /// - Throws: `hdf5-name` for a name that no link can have, `hdf5-limit` for one that the reader
  ///   would refuse, `hdf5-name-collision` when a tensor would also have to be a group.
  init(_ keys: [TargetKey], naming: HDF5Naming) throws {
    let paths = try keys.enumerated().map { number, key in
      Path(tensor: number, parts: try HDF5NameTree.parts(of: key, naming))
    }
    let sorted = paths.sorted { left, right in
      left.parts.lexicographicallyPrecedes(right.parts) { $0.lexicographicallyPrecedes($1) }
    }
    try self.init(sorted[...], depth: 0, keys)
  }

  /// - Parameter paths: everything below this group, sorted.
  private init(_ paths: ArraySlice<Path>, depth: Int, _ keys: [TargetKey]) throws {
    var rest = paths
    while let first = rest.first {
      let name = first.parts[depth]
      let same = rest.prefix { $0.parts[depth] == name }
      rest = rest.dropFirst(same.count)
      guard first.parts.count == depth + 1 else {
        links.append((name, .group(try HDF5NameTree(same, depth: depth + 1, keys))))
        continue
      }
      // The shortest path sorts first, so that a tensor meets the tensors below it here.
      if same.count > 1 {
        let other = keys[same[same.startIndex + 1].tensor]
        throw HDF5NameTree.collision(keys[first.tensor], other)
      }
      links.append((name, .dataset(first.tensor)))
    }
  }

  private static func parts(of key: TargetKey, _ naming: HDF5Naming) throws -> [[UInt8]] {
    let limits = HDF5Limits()
    let whole = Array(key.name.utf8)
    let dot = UInt8(ascii: ".")
    let parts =
      naming == .flat
      ? [whole] : whole.split(separator: dot, omittingEmptySubsequences: false).map(Array.init)
    for part in parts {
      guard !part.isEmpty, part != [dot], !part.contains(0), !part.contains(UInt8(ascii: "/"))
      else {
        throw Fault(
          .hdf5Name,
          "no group or dataset of an HDF5 file can be called "
            + "\"\(printable(String(decoding: part, as: UTF8.self)))\"",
          at: .init(tensor: key.name), remedy: "write safetensors, which takes any name")
      }
      guard part.count <= limits.nameByteCount else {
        throw Fault(
          .hdf5Limit, "the name has \(part.count) bytes, more than \(limits.nameByteCount)",
          at: .init(tensor: key.name), remedy: "write safetensors, which takes any name")
      }
    }
    guard parts.count <= limits.groupDepth + 1 else {
      throw Fault(
        .hdf5Limit, "the name would need groups deeper than \(limits.groupDepth) levels",
        at: .init(tensor: key.name), remedy: "write the names flat")
    }
    return parts
  }

  private static func collision(_ tensor: TargetKey, _ other: TargetKey) -> Fault {
    Fault(
      .hdf5NameCollision,
      "it would have to be a dataset and, for tensor \(printable(other.name)), a group",
      at: .init(tensor: tensor.name), remedy: "write the names flat")
  }
}
