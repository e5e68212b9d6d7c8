import Checkpoints
import FuzzSupport

fuzzFiles { try readTensors(of: TorchCheckpoint(path: $0)) }
