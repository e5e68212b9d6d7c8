import Tensors

/// Reads every tensor of a checkpoint, up to 64 MB in all, and holds the source to what it says of
/// them.
package func readTensors(of source: some TensorSource) throws {
  var allowance = 64 << 20
  for tensor in source.tensors {
    precondition(source.description(of: tensor.key) == tensor)
    guard tensor.byteCount <= allowance else { continue }
    allowance -= tensor.byteCount
    expectFaults {
      let byteCount = try source.withBytes(of: tensor.key) { bytes in
        touch(bytes)
        return bytes.byteCount
      }
      precondition(byteCount == tensor.byteCount, "a tensor of another size than announced")
    }
  }
}

/// Looks at a byte of every page, so that one which is not there shows.
private func touch(_ bytes: RawSpan) {
  for offset in stride(from: 0, to: bytes.byteCount, by: 512) {
    lastByte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
  if !bytes.isEmpty {
    lastByte = bytes.unsafeLoad(fromByteOffset: bytes.byteCount - 1, as: UInt8.self)
  }
}

/// Keeps looking from being optimised away.
nonisolated(unsafe) package var lastByte: UInt8 = 0
