import Checkpoints
import FuzzSupport

fuzzFiles { path in
  expectFaults { try readTensors(of: SafetensorsCheckpoint(path: path)) }
  try readTensors(of: SafetensorsCheckpoint(path: path, reading: .compatible))
}
