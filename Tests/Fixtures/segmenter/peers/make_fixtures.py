"""Makes the fixtures beside this script: runs of MONAI, transformers and timm on small models.

    python make_fixtures.py [case…]
    TRANSSEG=FOLDER python make_fixtures.py transseg

Needs torch, monai, transformers, timm and safetensors, the last case also the sources of TransSeg's
release. A case is two files: NAME.json lists the
model's tensors, each with its shape and the range of its values, and says what shapes do not tell;
NAME.safetensors holds the input, the scores and the intermediate results of the peer's own forward
pass. The weights themselves are nowhere stored: both sides compute them from the list, value i of
tensor t being splitmix64(t · 2^32 + i), its upper 24 bits spread over the tensor's range.
"""

import json
import os
import pathlib
import sys
import types

import numpy as np
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent


def uniform(tensor_number, count):
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(tensor_number << 32)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**24


def value_range(name, tensor):
    """Values that keep activations at their scale and are nobody's defaults."""
    if name.endswith(("running_var",)):
        return 0.5, 1.5
    if "logit_scale" in name:
        return 1.0, 3.0
    if tensor.ndim <= 1:
        return (0.6, 1.4) if name.endswith(("weight", "gamma", "lambda1")) else (-0.4, 0.4)
    if any(part in name for part in ("bias_table", "token", "pos", "embedding.weight", "gamma")):
        return -0.8, 0.8
    transposed = "transp_conv" in name or ("blocks" in name and name.endswith("0.conv.weight"))
    fan_in = tensor.shape[0] if transposed else tensor[0].numel()
    bound = (3 / fan_in) ** 0.5 * 1.2
    return -bound, bound


def randomise(model):
    """Fills the model and lists its tensors."""
    tensors = []
    for number, (name, tensor) in enumerate(model.state_dict().items()):
        entry = {"name": name, "shape": list(tensor.shape)}
        if tensor.is_floating_point():
            low, high = (float(np.float32(bound)) for bound in value_range(name, tensor))
            values = uniform(number, tensor.numel()) * (high - low) + low
            tensor.copy_(torch.from_numpy(values.astype(np.float32)).reshape(tensor.shape))
            entry |= {"low": low, "high": high}
        tensors.append(entry)
    return tensors


def record(name, model, image, taps, hints, logits=None, drop=()):
    """Runs the model and writes the case. `taps` names modules: {role: (module, form)}."""
    model.eval()
    tensors = randomise(model)
    results, hooks = {"input": image}, []

    def keep(role, form):
        def hook(_, __, output):
            output = output[0] if isinstance(output, tuple) else output
            results["tap." + role] = form(output).detach().clone().contiguous()
        return hook

    for role, (module, form) in taps.items():
        hooks.append(module.register_forward_hook(keep(role, form)))
    with torch.no_grad():
        output = model(image)
    for hook in hooks:
        hook.remove()
    if logits:
        results["logits"] = logits(output).contiguous()
    save_file(results, FOLDER / f"{name}.safetensors")
    lines = ",\n    ".join(json.dumps(entry) for entry in tensors if entry["name"] not in drop)
    (FOLDER / f"{name}.json").write_text(
        f'{{\n  "hints": {json.dumps(hints)},\n  "tensors": [\n    {lines}\n  ]\n}}\n')
    print(name, {k: (tuple(v.shape), round(float(v.std()), 3)) for k, v in results.items()})


def planar(x):
    """[1, channels, H, W, D] to [channels, D, H, W]; [1, channels, H, W] to [channels, H, W]."""
    return x[0].permute(0, 3, 1, 2) if x.ndim == 5 else x[0]


def channels_last(x):
    """[1, H, W, (D,) channels] to the planar form."""
    return planar(x.movedim(-1, 1))


def tokens(skip):
    return lambda x: x[0, skip:]


def unetr(name, size, hints, **options):
    from monai.networks.nets import UNETR

    torch.manual_seed(1)
    model = UNETR(img_size=size, hidden_size=24, mlp_dim=36, num_heads=3, feature_size=4,
                  out_channels=3, **options)
    taps = {f"blocks[{i}]": (model.vit.blocks[i], tokens(0)) for i in (0, 3, 11)}
    taps["finalNorm"] = (model.vit.norm, tokens(0))
    for module in ("encoder2", "encoder4", "decoder5", "decoder3"):
        taps[f"decoder.{module}"] = (getattr(model, module), planar)
    image = torch.randn(1, options["in_channels"], *size)
    grid = {"gridHeight": size[0] // 16, "gridWidth": size[1] // 16, "gridDepth": size[2] // 16}
    record(name, model, image, taps, {"family": "monai-unetr", "parameters": {
        "heads": 3, "patchHeight": 16, "patchWidth": 16, "patchDepth": 16} | grid | hints},
        logits=planar)


def swinunetr(name, size, window=7, **options):
    from monai.networks.nets import SwinUNETR

    torch.manual_seed(2)
    model = SwinUNETR(out_channels=2, feature_size=12, window_size=window, **options)
    taps = {}
    for stage in range(4):
        layer = getattr(model.swinViT, f"layers{stage + 1}")[0]
        for number, block in enumerate(layer.blocks):
            taps[f"stages[{stage}].blocks[{number}]"] = (block, channels_last)
    for module in ("encoder10", "decoder5", "decoder3"):
        taps[f"decoder.{module}"] = (getattr(model, module), planar)
    for role in [role for role in taps if role.startswith("stages[0]")]:
        del taps[role]
    image = torch.randn(1, options["in_channels"], *size)
    sides = window if isinstance(window, tuple) else (window,) * 3
    record(name, model, image, taps, {"family": "monai-swinunetr", "parameters": {
        "windowHeight": sides[0], "windowWidth": sides[1], "windowDepth": sides[2]},
        "options": {k: v for k, v in options.items() if k == "downsample"}}, logits=planar)


def monai_vit():
    from monai.networks.nets import ViT

    torch.manual_seed(3)
    model = ViT(in_channels=2, img_size=(16, 24, 8), patch_size=8, hidden_size=24, mlp_dim=40,
                num_layers=3, num_heads=4, qkv_bias=True)
    taps = {f"blocks[{i}]": (model.blocks[i], tokens(0)) for i in range(3)}
    taps["finalNorm"] = (model.norm, tokens(0))
    record("monai-vit", model, torch.randn(1, 2, 16, 24, 8), taps, {
        "family": "monai-vit", "parameters": {
            "heads": 4, "gridHeight": 2, "gridWidth": 3, "gridDepth": 1}})


def transformers_case(name, model, layers, skip, hints, norm=None, size=32):
    torch.manual_seed(4)
    taps = {f"blocks[{i}]": (layer, tokens(skip)) for i, layer in enumerate(layers)}
    if norm is not None:
        taps["finalNorm"] = (norm, tokens(skip))
    record(name, model, torch.randn(1, 3, size, size), taps, hints)


def vision_transformers():
    import transformers as t

    small = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                 image_size=32, patch_size=8)
    model = t.ViTModel(t.ViTConfig(**small), add_pooling_layer=False)
    transformers_case("vit-huggingface", model, model.layers, 1,
                      {"parameters": {"heads": 3}}, model.layernorm)
    model = t.DeiTModel(t.DeiTConfig(**small), add_pooling_layer=False)
    transformers_case("deit-huggingface", model, model.layers, 2,
                      {"parameters": {"heads": 3}}, model.layernorm)
    model = t.Dinov2WithRegistersModel(t.Dinov2WithRegistersConfig(
        **{k: v for k, v in small.items() if k != "intermediate_size"}, mlp_ratio=2,
        num_register_tokens=3))
    transformers_case("dinov2-registers", model, layers_of(model), 4,
                      {"parameters": {"heads": 3}}, model.layernorm)
    model = t.CLIPVisionModel(t.CLIPVisionConfig(**small))
    transformers_case("clip-huggingface", model, clip_layers(model), 1,
                      {"parameters": {"heads": 3}})
    timm = import_timm()
    model = timm.models.vision_transformer.VisionTransformer(
        img_size=(24, 40), patch_size=8, embed_dim=24, depth=2, num_heads=3, mlp_ratio=1.5,
        init_values=0.5, num_classes=0)
    torch.manual_seed(5)
    taps = {f"blocks[{i}]": (model.blocks[i], tokens(1)) for i in range(2)}
    taps["finalNorm"] = (model.norm, tokens(1))
    record("vit-timm", model, torch.randn(1, 3, 24, 40), taps, {
        "parameters": {"heads": 3, "gridHeight": 3, "gridWidth": 5}})


def import_timm():
    """timm imports torchvision for what none of these models use."""
    scripts = FOLDER.parents[3] / "Scripts" / "conformance" / "families"
    sys.path.insert(0, str(scripts))
    from empty_packages import empty_packages

    with empty_packages("torchvision"):
        import timm
    return timm


def layers_of(model):
    for attribute in ("layers", "layer"):
        for owner in (model, getattr(model, "encoder", None)):
            if owner is not None and hasattr(owner, attribute):
                return getattr(owner, attribute)
    raise AttributeError("layers")


def clip_layers(model):
    return layers_of(getattr(model, "vision_model", model))


def swin_2d():
    import transformers as t

    timm = import_timm()

    def grid(size):
        return lambda x: x[0].transpose(0, 1).unflatten(1, size)

    config = dict(image_size=112, patch_size=4, embed_dim=8, depths=[2, 2, 2], num_heads=[1, 2, 4],
                  window_size=7)
    for name, model in (
        ("swin-huggingface", t.SwinModel(t.SwinConfig(**config), add_pooling_layer=False)),
        ("swinv2-huggingface", t.Swinv2Model(t.Swinv2Config(**config), add_pooling_layer=False)),
    ):
        torch.manual_seed(6)
        taps = {}
        for stage, layer in enumerate(model.encoder.layers):
            for number, block in enumerate(layer.blocks):
                if stage == 0:
                    continue
                taps[f"stages[{stage}].blocks[{number}]"] = (
                    block, grid((28 >> stage, 28 >> stage)))
        record(name, model, torch.randn(1, 3, 112, 112), taps, window_hints(name))
    for name, kind in (("swin-timm", timm.models.swin_transformer.SwinTransformer),
                       ("swinv2-timm", timm.models.swin_transformer_v2.SwinTransformerV2)):
        torch.manual_seed(7)
        model = kind(img_size=112, patch_size=4, embed_dim=8, depths=(2, 2, 2),
                     num_heads=(1, 2, 4), window_size=7, num_classes=0)
        taps = {f"stages[{s}].blocks[{b}]": (model.layers[s].blocks[b], channels_last)
                for s in (1, 2) for b in (0, 1)}
        record(name, model, torch.randn(1, 3, 112, 112), taps, window_hints(name))


def window_hints(name):
    """Swin V2 has no table of biases, whose size would tell the window's."""
    is_second = name.startswith("swinv2")
    return {"parameters": {"windowHeight": 7, "windowWidth": 7} if is_second else {}}


class ConvModule(torch.nn.Module):
    """The one layer that the paper's UPerNet takes from mmcv: convolution, batch norm, ReLU."""

    def __init__(self, inputs, outputs, size, padding=0, **_):
        super().__init__()
        self.conv = torch.nn.Conv2d(inputs, outputs, size, padding=padding, bias=False)
        self.bn = torch.nn.BatchNorm2d(outputs)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


def add_stand_ins():
    """What the paper's modules import from OpenMMLab's packages."""
    unused = dict.fromkeys(
        ["load_checkpoint", "load_state_dict", "get_dist_info", "get_root_logger",
         "is_module_wrapper"])
    used = {"ConvModule": ConvModule, "resize": torch.nn.functional.interpolate}
    for name in ("mmcv", "mmcv.cnn", "mmcv.runner", "mmcv.parallel", "mmcv_custom", "mmseg",
                 "mmseg.ops", "mmseg.utils"):
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(unused | used)


class Joined(torch.nn.Module):
    """An encoder and a decoder of the paper's, joined as its own model joins them."""

    def __init__(self, encoder, decoder, grid=None):
        super().__init__()
        self.encoder, self.decoder, self.grid = encoder, decoder, grid

    def forward(self, image):
        image = image.permute(0, 1, 4, 2, 3).contiguous()
        if self.grid is None:
            return self.decoder(list(self.encoder(image)))
        # The published model's own way to its tokens stops at a patch size of three numbers.
        x = torch.cat([self.encoder.cls_token, self.encoder.patch_embed(image)], dim=1)
        x, maps = x + self.encoder.pos_embed, []
        for block in self.encoder.blocks:
            x = block(x)
            maps.append(x[:, 1:].transpose(1, 2).unflatten(2, self.grid))
        return self.decoder(maps)


def transseg():
    sys.path.insert(0, str(pathlib.Path(os.environ["TRANSSEG"]) / "src"))
    import_timm()
    add_stand_ins()
    from backbones.decoders.convtrans import ConvTransHead
    from backbones.decoders.setrpup import SetrPupHead
    from backbones.decoders.upernet import UPerHead
    from backbones.encoders.dino3d import VisionTransformer3D
    from backbones.encoders.swin_transformer import SwinTransformer
    from backbones.encoders.swin_transformer_3d import SwinTransformer3D

    common = dict(embed_dim=8, depths=[2, 2, 2, 2], num_heads=[1, 2, 4, 8], patch_norm=True)
    for name, encoder, size, hints in (
        ("transseg-swin", SwinTransformer(patch_size=(3, 4, 4), in_chans=1, window_size=7, **common),
         (64, 64, 3), {}),
        ("video-swin", SwinTransformer3D(
            patch_size=(2, 4, 4), in_chans=2, window_size=(4, 7, 7), pretrained2d=False, **common),
         (64, 64, 7), {"windowHeight": 7, "windowWidth": 7, "windowDepth": 4}),
    ):
        head = UPerHead(layer_idxs=[0, 1, 2, 3], in_channels=[8, 16, 32, 64], channels=12,
                        num_classes=3, fpns=False)
        model = Joined(encoder, head)
        torch.manual_seed(8)
        image = torch.randn(1, 2 if name == "video-swin" else 1, *size)
        extents = dict(zip(("imageHeight", "imageWidth", "imageDepth"), size))
        record(name, model, image, {}, {"family": name, "parameters": extents | hints},
               logits=planar)
    for name, kind in (("transseg-dino-setr", SetrPupHead),
                       ("transseg-dino-transposed", ConvTransHead)):
        model = Joined(
            VisionTransformer3D(img_size=(32, 32, 3), patch_size=(16, 16, 3), in_chans=1,
                                embed_dim=24, depth=4, num_heads=3, mlp_ratio=2, qkv_bias=True,
                                norm_layer=lambda width: torch.nn.LayerNorm(width, eps=1e-6)),
            kind(channels=24, num_classes=3, norm_name="instance"), (2, 2))
        model.encoder.pos_embed = torch.nn.Parameter(torch.zeros(1, 5, 24), requires_grad=False)
        torch.manual_seed(9)
        taps = {f"blocks[{i}]": (model.encoder.blocks[i], tokens(1)) for i in range(4)}
        record(name, model, torch.randn(1, 1, 32, 32, 3), taps, {
            "family": "transseg-dino", "parameters": {
                "heads": 3, "gridHeight": 2, "gridWidth": 2, "gridDepth": 1}}, logits=planar)


CASES = {
    "unetr": lambda: (
        unetr("unetr-conv", (32, 16, 48), {}, in_channels=1),
        unetr("unetr-perceptron", (16, 32, 16), {}, in_channels=3, proj_type="perceptron",
              norm_name="batch", res_block=False, conv_block=False, qkv_bias=True),
        unetr("unetr-group", (32, 16, 16), {"normGroups": 2}, in_channels=2,
              norm_name=("group", {"num_groups": 2})),
    ),
    "swinunetr": lambda: (
        swinunetr("swinunetr-default", (32, 32, 64), in_channels=1, num_heads=(3, 3, 6, 12)),
        swinunetr("swinunetr-v2", (32, 64, 32), (4, 5, 3), in_channels=4, use_v2=True,
                  downsample="mergingv2", patch_norm=True, norm_name="batch", qkv_bias=False,
                  depths=(1, 2, 1, 2), num_heads=(2, 2, 4, 4)),
    ),
    "monai-vit": monai_vit,
    "vit": vision_transformers,
    "swin": swin_2d,
    "transseg": transseg,
}

if __name__ == "__main__":
    for case in sys.argv[1:] or [case for case in CASES if case != "transseg"]:
        CASES[case]()
