import Diagnostics
import Tensors

/// Follows the hard links of a file from its root and collects the datasets.
struct HDF5Walk {
  struct Found {
    let description: TensorDescription
    let dataset: HDF5Dataset
  }

  private(set) var found: [SourceKey: Found] = [:]
  private let metadata: HDF5Metadata
  private var groups: Set<UInt64> = []
  /// One dataset may have several names, as tied weights do.
  private var datasets: [UInt64: HDF5Dataset] = [:]
  private var linkCount = 0

  /// - Throws: any of the `hdf5-…` faults, with the path of the object that it is about.
  init(_ metadata: HDF5Metadata) throws {
    self.metadata = metadata
    let root = metadata.superblock.rootHeader
    let header = try HDF5ObjectHeader(at: root, in: metadata)
    guard HDF5Group.isGroup(header) else {
      throw Fault(.hdf5Corrupt, "the root of the file is not a group")
    }
    groups.insert(root)
    try walk(header, path: [])
  }

  private mutating func walk(_ header: HDF5ObjectHeader, path: [String]) throws {
    let place = Fault.Place(tensor: path.isEmpty ? nil : path.joined(separator: "/"))
    let group = try located(in: place) { try HDF5Group(header, path: path, in: metadata) }
    linkCount += group.links.count
    guard linkCount <= metadata.limits.linkCount else {
      throw Fault(
        .hdf5Limit, "the file has more than \(metadata.limits.linkCount) links", at: place)
    }
    for link in group.links { try follow(link, path: path + [link.name]) }
  }

  private mutating func follow(_ link: HDF5Group.Link, path: [String]) throws {
    let place = Fault.Place(tensor: path.joined(separator: "/"))
    guard !groups.contains(link.header) else {
      throw Fault(
        .hdf5Cycle, "the link leads to a group that was reached before", at: place,
        remedy: "keep one link to every group")
    }
    if let dataset = datasets[link.header] { return try add(dataset, path: path) }
    // A type with a name is no tensor, and a dataset of it says all that there is to say of it.
    if metadata.committedTypes[link.header] != nil { return }
    let header = try located(in: place) {
      try HDF5ObjectHeader(at: link.header, in: metadata)
    }
    if header.isCommittedType {
      _ = try located(in: place) { try metadata.noteCommittedType(header, at: link.header) }
      return
    }
    guard HDF5Group.isGroup(header) else {
      let dataset = try located(in: place) { try HDF5Dataset(header, in: metadata) }
      datasets[link.header] = dataset
      return try add(dataset, path: path)
    }
    groups.insert(link.header)
    guard path.count <= metadata.limits.groupDepth else {
      throw Fault(
        .hdf5Limit, "groups lie deeper than \(metadata.limits.groupDepth) levels", at: place)
    }
    try walk(header, path: path)
  }

  /// A dataset's key is its path with dots, so that a state dict reads the same whether it was
  /// written flat or split into groups.
  private mutating func add(_ dataset: HDF5Dataset, path: [String]) throws {
    let key = SourceKey(path.joined(separator: "."))
    guard found[key] == nil else {
      throw Fault(
        .hdf5DuplicateName, "two datasets become tensor \(printable(key.name))",
        at: .init(tensor: path.joined(separator: "/")),
        remedy: "rename one of them: a dot in a name and a group mean the same")
    }
    let description = try TensorDescription(
      key, dtype: dataset.number.dtype, shape: dataset.shape)
    found[key] = Found(description: description, dataset: dataset)
  }
}
