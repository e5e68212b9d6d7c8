// Reads every byte of every tensor of a checkpoint once, for Benchmarks/benchmark_checkpoints.py.

import Checkpoints
import Glibc
import Tensors

func fail(_ message: String, _ status: Int32) -> Never {
  _ = Array("\(message)\n".utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(status)
}

guard CommandLine.arguments.count == 2 else {
  fail("usage: stream-checkpoint FILE", 64)
}
do {
  let checkpoint = try openCheckpoint(at: CommandLine.arguments[1])
  let sums = try checkpoint.mapBytes(of: checkpoint.tensors) { _, bytes in
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
  print(sums.reduce(0, &+))
} catch {
  fail("error: \(error)", 65)
}
