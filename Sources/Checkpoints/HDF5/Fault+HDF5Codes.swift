import Diagnostics

extension Fault.Code {
  package static let hdf5Signature = Fault.Code("hdf5-signature", exit: .invalidData)
  package static let hdf5Truncated = Fault.Code("hdf5-truncated", exit: .invalidData)
  /// A structure that contradicts the format or another structure.
  package static let hdf5Corrupt = Fault.Code("hdf5-corrupt", exit: .invalidData)
  /// Sound HDF5 of a kind that checkpoints are not written with.
  package static let hdf5Unsupported = Fault.Code("hdf5-unsupported", exit: .invalidData)
  package static let hdf5Limit = Fault.Code("hdf5-limit", exit: .invalidData)

  /// A soft, external or user-defined link.
  package static let hdf5Link = Fault.Code("hdf5-link", exit: .invalidData)
  /// A group or a structure that is reached a second time.
  package static let hdf5Cycle = Fault.Code("hdf5-cycle", exit: .invalidData)
  package static let hdf5Name = Fault.Code("hdf5-name", exit: .invalidData)
  package static let hdf5DuplicateName = Fault.Code("hdf5-duplicate-name", exit: .invalidData)
  /// A tensor to be written whose name is also the group of another.
  package static let hdf5NameCollision = Fault.Code("hdf5-name-collision", exit: .invalidData)
  /// An object that is neither a group nor a dataset.
  package static let hdf5Object = Fault.Code("hdf5-object", exit: .invalidData)

  package static let hdf5ElementType = Fault.Code("hdf5-element-type", exit: .invalidData)
  package static let hdf5NullDataspace = Fault.Code("hdf5-null-dataspace", exit: .invalidData)
  package static let hdf5ExternalStorage = Fault.Code("hdf5-external-storage", exit: .invalidData)
  package static let hdf5VirtualDataset = Fault.Code("hdf5-virtual-dataset", exit: .invalidData)
  package static let hdf5Filter = Fault.Code("hdf5-filter", exit: .invalidData)
  /// A declared extent that the stored bytes do not match or cannot fill.
  package static let hdf5Extent = Fault.Code("hdf5-extent", exit: .invalidData)
  package static let hdf5FillValue = Fault.Code("hdf5-fill-value", exit: .invalidData)
  /// A chunk that does not decode to what its dataset declares.
  package static let hdf5Chunk = Fault.Code("hdf5-chunk", exit: .invalidData)
}
