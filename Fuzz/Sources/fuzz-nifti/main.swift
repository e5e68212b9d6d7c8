import FuzzSupport
import Volumes

fuzzFiles { path in
  let file = try NIfTIFile(path: path, byteLimit: 64 << 20)
  expectFaults { _ = try file.channels() }
  expectFaults { _ = try file.volume() }
  _ = try file.labels()
}
