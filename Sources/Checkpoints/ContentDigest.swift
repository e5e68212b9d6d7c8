import Files
import Tensors

/// The SHA-256 of a checkpoint's tensors, whatever container holds them: that of the safetensors
/// file which the reference implementation writes for them without metadata.
package func contentDigest(of source: any TensorSource) throws -> SHA256Digest {
  let entries = try SafetensorsWriter.sorted(
    source.tensors.map {
      try StoredTensor(TargetKey($0.key.name), dtype: $0.dtype, shape: $0.shape)
    })
  var hasher = SHA256Hasher()
  hasher.update(SafetensorsWriter.header(of: entries, metadata: [:]).span.bytes)
  for entry in entries {
    try source.withBytes(of: SourceKey(entry.key.name)) { hasher.update($0) }
  }
  return hasher.finalize()
}
