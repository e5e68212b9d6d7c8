// Reads every byte of every tensor of a checkpoint once, for Benchmarks/benchmark_checkpoints.py.

import Checkpoints
import Foundation

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: stream-checkpoint FILE\n".utf8))
  exit(64)
}
do {
  let checkpoint = try openCheckpoint(at: CommandLine.arguments[1])
  var sum: UInt64 = 0
  for tensor in checkpoint.tensors {
    sum &+= try checkpoint.withBytes(of: tensor.key) { bytes in
      bytes.withUnsafeBytes { buffer in
        var sum: UInt64 = 0
        var offset = 0
        while offset + 8 <= buffer.count {
          sum &+= buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          offset += 8
        }
        for byte in buffer[offset...] { sum &+= UInt64(byte) }
        return sum
      }
    }
  }
  print(sum)
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(65)
}
