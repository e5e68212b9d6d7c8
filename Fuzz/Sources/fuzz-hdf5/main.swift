import Checkpoints
import FuzzSupport

fuzzFiles { try readTensors(of: HDF5Checkpoint(path: $0)) }
