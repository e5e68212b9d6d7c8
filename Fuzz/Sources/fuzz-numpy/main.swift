import Checkpoints
import FuzzSupport

fuzzFiles { try readTensors(of: NumPyArchive(path: $0)) }
