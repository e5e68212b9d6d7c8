"""Times forward passes of one peer in this process.

    python peer.py torch|onnxruntime|openvino NAME FOLDER THREADS PASSES [--transseg FOLDER]

The folder is what models.py made. Prints seconds as JSON; the result goes to <peer>.npy.
"""

import argparse
import json
import pathlib
import time

import numpy


def load_torch(given, folder):
    import torch
    from safetensors.torch import load_file
    import models
    torch.set_num_threads(given.threads)
    case = models.CASES[given.name]
    model = models.module(given.name, given.transseg)
    state = load_file(folder / "model.safetensors")
    model.load_state_dict({case.prefix + key: value for key, value in state.items()}, assign=True)
    del state

    def run(values):
        with torch.inference_mode():
            return model(torch.from_numpy(values)).numpy()
    return run


def load_onnxruntime(given, folder):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    return lambda values: session.run(None, {session.get_inputs()[0].name: values})[0]


def load_openvino(given, folder):
    import openvino
    model = openvino.Core().compile_model(folder / "model.xml", "CPU", {
        "INFERENCE_NUM_THREADS": given.threads, "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"})
    return lambda values: model(values)[0]


def stored_input(folder):
    """The input with the batch in front and the depth last, as the peers take it."""
    from safetensors.numpy import load_file
    values = numpy.moveaxis(load_file(folder / "input.safetensors")["input"], 1, -1)[None]
    return numpy.ascontiguousarray(values if values.shape[-1] > 1 else values[..., 0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=["torch", "onnxruntime", "openvino"])
    parser.add_argument("name")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("passes", type=int)
    parser.add_argument("--transseg", type=pathlib.Path)
    given = parser.parse_args()
    start = time.perf_counter()
    run = globals()[f"load_{given.peer}"](given, given.folder)
    loading = time.perf_counter() - start
    values = stored_input(given.folder)
    seconds = []
    for _ in range(given.passes):
        result = None
        start = time.perf_counter()
        result = run(values)
        seconds.append(time.perf_counter() - start)
    numpy.save(given.folder / f"{given.peer}.npy", result)
    print(json.dumps({"loading": loading, "seconds": seconds}))


if __name__ == "__main__":
    main()
