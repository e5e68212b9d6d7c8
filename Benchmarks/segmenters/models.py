"""The models that are timed: the peers' own, with random weights, as files for everybody.

    python models.py NAME FOLDER [--transseg FOLDER]

writes model.safetensors (with the note that our converter leaves), input.safetensors, model.onnx and
OpenVINO's model.xml into the folder.
"""

import argparse
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

sys.path.append(str(pathlib.Path(__file__).parents[2] / "Scripts/conformance/families"))

PATCHES = {f"patch{axis}": 16 for axis in ("Height", "Width", "Depth")}


class Tokens(torch.nn.Module):
    """What timm's ViT-B makes of an image, without the class token."""

    def __init__(self):
        super().__init__()
        import common
        self.model = common.import_timm().create_model("vit_base_patch16_224", num_classes=0)

    def forward(self, image):
        return self.model.forward_features(image)[:, 1:]


class TransSeg(torch.nn.Module):
    """The paper's BEiT-B with UPerNet, from a clone of its repository."""

    def __init__(self, folder):
        super().__init__()
        import transseg
        self.encoder = transseg.module(folder, "encoders.beit3d").BEiT3D(
            img_size=(512, 512, 5), patch_size=(16, 16, 5), in_chans=1, embed_dim=768, depth=12,
            num_heads=12, mlp_ratio=4, qkv_bias=True, use_abs_pos_emb=False,
            use_rel_pos_bias=True, init_values=0.1, out_indices=list(range(12)))
        self.decoder = transseg.module(folder, "decoders.upernet").UPerHead()
        # The same norm, but for training on several machines, which exporters do not know.
        self.decoder.fpn1[1] = torch.nn.BatchNorm2d(768)

    def forward(self, volume):
        features = self.encoder(volume.movedim(-1, 2))
        return self.decoder([tokens.transpose(1, 2).unflatten(-1, (32, 32)) for tokens in features])


def unetr():
    from monai.networks.nets import UNETR
    return UNETR(in_channels=1, out_channels=14, img_size=(96, 96, 96), feature_size=16,
                 hidden_size=768, mlp_dim=3072, num_heads=12, proj_type="conv", qkv_bias=True)


def swinunetr():
    from monai.networks.nets import SwinUNETR
    return SwinUNETR(in_channels=1, out_channels=14, feature_size=48)


def grid(*extents):
    return dict(zip(("gridHeight", "gridWidth", "gridDepth"), extents))


class Case:
    """A model, the shape of its input, and what our engine is told about it."""

    def __init__(self, title, build, shape, note=None, activation=None, prefix=""):
        self.title, self.build, self.shape, self.note = title, build, shape, note
        self.activation, self.prefix = activation, prefix


CASES = {
    "swinunetr": Case(
        "SwinUNETR, feature 48, 96³", lambda _: swinunetr(), (1, 1, 96, 96, 96),
        {"target": "monai-swinunetr", "decoderLayers": [],
         "parameters": {f"window{axis}": 7 for axis in ("Height", "Width", "Depth")}}),
    "unetr": Case(
        "UNETR, 96³", lambda _: unetr(), (1, 1, 96, 96, 96),
        {"target": "monai-unetr", "decoderLayers": [3, 6, 9, 11],
         "parameters": {"heads": 12} | PATCHES | grid(6, 6, 6)}),
    "transseg": Case(
        "TransSeg BEiT-B + UPerNet, 512×512×5", TransSeg, (1, 1, 512, 512, 5),
        {"target": "transseg-beit", "decoderLayers": [3, 5, 7, 11],
         "parameters": {"heads": 12} | grid(32, 32)}),
    "vit": Case(
        "ViT-B, 224² (2D)", lambda _: Tokens(), (1, 3, 224, 224), activation="finalNorm",
        prefix="model."),
}


def module(name, transseg):
    torch.manual_seed(7)
    return CASES[name].build(transseg).eval()


def image(shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def save_input(values, path):
    """As `[channels, depth, height, width]`."""
    volume = values[0] if values.ndim == 5 else values[0].unsqueeze(-1)
    save_file({"input": volume.movedim(-1, 1).contiguous()}, path)


def prepare(name, folder, transseg):
    import common
    case = CASES[name]
    model = common.fill(module(name, transseg), seed=7)
    values = image(case.shape)
    note = case.note and json.dumps(
        {"formatVersion": 1, "options": {}, "sourceSHA256": "0" * 64} | case.note)
    tensors = {key.removeprefix(case.prefix): value.contiguous().clone()
               for key, value in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", note and {"inflate-ckpt": note})
    save_input(values, folder / "input.safetensors")
    with torch.no_grad():
        export_onnx(model, values, folder / "model.onnx")
        export_openvino(model, values, folder)


def export_openvino(model, values, folder):
    """From ONNX, which has all sizes worked out, where there is such a file."""
    import openvino
    if (folder / "model.onnx").exists():
        converted = openvino.convert_model(folder / "model.onnx")
    else:
        traced = torch.jit.trace(model, values, check_trace=False)
        converted = openvino.convert_model(traced, example_input=values, input=list(values.shape))
    openvino.save_model(converted, folder / "model.xml", compress_to_fp16=False)


def export_onnx(model, values, path):
    """Some models have operators that cannot be exported; there is no file then."""
    for is_traced in (False, True):
        try:
            torch.onnx.export(
                model, (values,), str(path), dynamo=not is_traced, opset_version=18,
                input_names=["input"], external_data=True)
            return
        except Exception as error:
            path.unlink(missing_ok=True)
            print(f"no ONNX ({'traced' if is_traced else 'exported'}): {error}"[:2000], file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=CASES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--transseg", type=pathlib.Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    prepare(given.name, given.folder, given.transseg)
