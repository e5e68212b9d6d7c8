"""2D vision transformers in every naming that is about, each with its own package's forward pass.

A `Source` holds a peer's module with random weights, its checkpoint under the names in question,
and a walk through the module's own layers that can leave a piece out: what a conversion report
says is lost. With nothing left out the walk has to be the module's own forward pass, which
`Source.check` makes sure of.

Names for which no package can be had here (torchvision, Google, OpenAI, Meta's SAM and DINOv2) are
given to the weights of an equivalent module.
"""

import copy
import dataclasses
import pathlib
import tempfile
from collections.abc import Callable

import torch

import common

HIDDEN, DEPTH, HEADS, MLP, PATCH, IMAGE = 24, 3, 2, 48, 16, 64
GRID = IMAGE // PATCH


@dataclasses.dataclass
class States:
    """Tokens B,N,C after every block, and after the final norm where there is one; the first
    `prefix` tokens are no patches."""

    blocks: list[torch.Tensor]
    final: torch.Tensor | None
    prefix: int

    def patches(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens[:, self.prefix:]


@dataclasses.dataclass
class Source:
    """`walk(module, image, without)` computes States; `drops` are the rules by which tensors
    outside the encoder are dropped for any target, `pieces` those of its parts that a target may
    lack."""

    family: str
    module: torch.nn.Module
    state: dict[str, torch.Tensor]
    walk: Callable[..., States]
    drops: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    own: Callable[..., torch.Tensor] | None = None
    patch: int = PATCH
    channels: int = 3
    folder: bool = False
    """Whether a folder with the package's own config.json and weights is the source."""

    def check(self, image: torch.Tensor) -> None:
        """The walk that leaves nothing out is the module's own forward pass."""
        if self.own is None:
            return
        states = self.walk(self.module, image, frozenset())
        found = states.blocks[-1] if states.final is None else states.final
        if common.relative_distance(found, self.own(self.module, image)) > 1e-6:
            raise common.Failure("the walk through the source is not its own forward pass")

    def reference(self, image: torch.Tensor, without: set[str], epsilon: float) -> States:
        """What the source computes without the pieces, with the target's LayerNorm epsilon and
        its activation, the exact GELU."""
        module = copy.deepcopy(self.module)
        for parent in module.modules():
            if isinstance(parent, torch.nn.LayerNorm):
                parent.eps = epsilon
            for name, child in parent.named_children():
                if "quickgelu" in type(child).__name__.lower():
                    setattr(parent, name, torch.nn.GELU())
        return self.walk(module, image, frozenset(without))


# timm ------------------------------------------------------------------------------------------


def timm_walk(model, image, without) -> States:
    """DeiT, MAE, DINO, DINOv2, CLIP and plain ViT as timm has them."""
    patches = model.patch_embed(image)
    row_count = model.pos_embed.shape[1] - patches.shape[1]
    rows, positions = model.pos_embed[:, :row_count], model.pos_embed[:, row_count:]
    if "absolute-position-embedding" in without:
        positions = torch.zeros_like(positions)
    if "class-position" in without:
        rows = torch.zeros_like(rows)
    prefix = []
    tokens = (("class-token", "cls_token"), ("distillation-token", "dist_token"))
    for number, (piece, attribute) in enumerate(tokens):
        token = getattr(model, attribute, None)
        if token is not None and piece not in without:
            prefix.append(token + rows[:, number:number + 1] if number < row_count else token)
    if getattr(model, "reg_token", None) is not None and "register-tokens" not in without:
        first = len(rows[0]) - model.reg_token.shape[1]
        registers = model.reg_token
        prefix.append(registers + rows[:, first:] if first > 0 else registers)
    x = torch.cat([*prefix, patches + positions], dim=1)
    if "pre-norm" not in without:
        x = model.norm_pre(x)
    blocks = []
    for block in model.blocks:
        if "query-bias" in without:
            block.attn.qkv.bias[:x.shape[2]] = 0
        x = block(x)
        blocks.append(x)
    final = None if isinstance(model.norm, torch.nn.Identity) else model.norm(x)
    return States(blocks, final, sum(token.shape[1] for token in prefix))


def timm_vit(name="vit_tiny_patch16_224", family="vit", drops=(), pieces=(), **arguments) -> Source:
    timm = common.import_timm()
    arguments = {
        "img_size": IMAGE, "patch_size": PATCH, "embed_dim": HIDDEN, "depth": DEPTH,
        "num_heads": HEADS, "mlp_ratio": MLP / HIDDEN, "num_classes": 5} | arguments
    model = common.fill(timm.create_model(name, **arguments))
    return Source(
        family, model, dict(model.state_dict()), timm_walk,
        frozenset(drops or {"classification-head"}) - {"none"},
        frozenset(pieces or {"class-token"}) - {"none"},
        own=lambda model, image: model.forward_features(image), patch=arguments["patch_size"],
        channels=arguments.get("in_chans", 3))


def wrapped(source: Source, prefix: str) -> Source:
    source.state = {prefix + name: tensor for name, tensor in source.state.items()}
    return source


def without_head(source: Source) -> Source:
    source.state = {n: t for n, t in source.state.items() if not n.startswith("head.")}
    source.drops -= {"classification-head"}
    return source


def with_extra(source: Source, rule: str, **shapes) -> Source:
    """More tensors that are outside the encoder; underscores doubled stand for dots."""
    for name, shape in shapes.items():
        source.state[name.replace("__", ".")] = torch.randn(shape)
    source.drops |= {rule}
    return source


def mae() -> Source:
    """Meta's names for pre-training are timm's, with a decoder beside them."""
    source = with_extra(without_head(timm_vit()), "mask-token", mask_token=(1, 1, 8))
    return with_extra(
        source, "pretraining-head", decoder_pos_embed=(1, GRID**2 + 1, 8),
        decoder_embed__weight=(8, HIDDEN), decoder_embed__bias=(8,),
        decoder_blocks__0__attn__qkv__weight=(24, 8), decoder_blocks__0__norm1__weight=(8,),
        decoder_norm__weight=(8,), decoder_pred__weight=(768, 8), decoder_pred__bias=(768,))


def dinov2_meta(registers: bool) -> Source:
    """Meta's names are timm's, but for the registers', and the class token has a position."""
    name = "vit_base_patch14_reg4_dinov2" if registers else "vit_base_patch14_dinov2"
    source = timm_vit(
        name, "vit", {"none"}, {"class-token"} | ({"register-tokens"} if registers else set()),
        img_size=GRID * 14, patch_size=14, num_classes=0, no_embed_class=False)
    if registers:
        # timm then has a row for every register too, which Meta's have not.
        positions = source.state["pos_embed"]
        positions[:, 1:5] = 0
        source.state["pos_embed"] = torch.cat([positions[:, :1], positions[:, 5:]], dim=1)
        source.state["register_tokens"] = source.state.pop("reg_token")
    return with_extra(source, "mask-token", mask_token=(1, HIDDEN))


def torchvision(first: str, second: str, family: str) -> Source:
    """torchvision's names, in two generations, for timm's weights; where torchvision can be had,
    its own module has to take them and compute the same."""
    source = timm_vit()
    source.family = family
    names = {
        "cls_token": "class_token", "pos_embed": "encoder.pos_embedding",
        "patch_embed.proj": "conv_proj", "norm1": "ln_1", "norm2": "ln_2",
        "attn.qkv.weight": "self_attention.in_proj_weight",
        "attn.qkv.bias": "self_attention.in_proj_bias", "attn.proj": "self_attention.out_proj",
        "mlp.fc1": f"mlp.{first}", "mlp.fc2": f"mlp.{second}",
        "blocks.": "encoder.layers.encoder_layer_", "head.": "heads.head."}
    source.state = {
        f"encoder.ln.{name[5:]}" if name.startswith("norm.") else rename(name, names): tensor
        for name, tensor in source.state.items()}
    source.own = torchvision_forward(source.state) or source.own
    return source


def torchvision_forward(state):
    if not common.HAS_TORCHVISION:
        return None
    package = common.need_package("torchvision.models.vision_transformer")
    module = package.VisionTransformer(IMAGE, PATCH, DEPTH, HEADS, HIDDEN, MLP, num_classes=5)
    module.load_state_dict(state, strict=True)
    module.eval()

    def forward(_, image):
        tokens = torch.cat([module.class_token, module._process_input(image)], dim=1)
        return module.encoder(tokens)

    return forward


def rename(name: str, parts: dict[str, str]) -> str:
    for old, new in parts.items():
        name = name.replace(old, new)
    return name


def google(prefix: str = "", depth: int = DEPTH) -> Source:
    """Google's arrays: kernels transposed, queries, keys and values a head an axis; timm has to
    read them as what they were."""
    source = timm_vit(depth=depth)
    source.family = "vit-google"
    weights, state, size = source.state, {}, HIDDEN // HEADS
    state["cls"] = weights["cls_token"]
    state["Transformer/posembed_input/pos_embedding"] = weights["pos_embed"]
    state["embedding/kernel"] = weights["patch_embed.proj.weight"].permute(2, 3, 1, 0)
    state["embedding/bias"] = weights["patch_embed.proj.bias"]
    state["Transformer/encoder_norm/scale"] = weights["norm.weight"]
    state["Transformer/encoder_norm/bias"] = weights["norm.bias"]
    state["head/kernel"], state["head/bias"] = weights["head.weight"].T, weights["head.bias"]
    for block in range(depth):
        old, new = f"blocks.{block}", f"Transformer/encoderblock_{block}"
        attention = f"{new}/MultiHeadDotProductAttention_1"
        kernels = weights[f"{old}.attn.qkv.weight"].chunk(3)
        biases = weights[f"{old}.attn.qkv.bias"].chunk(3)
        for name, kernel, bias in zip(("query", "key", "value"), kernels, biases):
            state[f"{attention}/{name}/kernel"] = kernel.T.reshape(HIDDEN, HEADS, size)
            state[f"{attention}/{name}/bias"] = bias.reshape(HEADS, size)
        out = weights[f"{old}.attn.proj.weight"]
        state[f"{attention}/out/kernel"] = out.T.reshape(HEADS, size, HIDDEN)
        state[f"{attention}/out/bias"] = weights[f"{old}.attn.proj.bias"]
        for number, norm in ((0, "norm1"), (2, "norm2")):
            state[f"{new}/LayerNorm_{number}/scale"] = weights[f"{old}.{norm}.weight"]
            state[f"{new}/LayerNorm_{number}/bias"] = weights[f"{old}.{norm}.bias"]
        for number, layer in ((0, "fc1"), (1, "fc2")):
            dense = f"{new}/MlpBlock_3/Dense_{number}"
            state[f"{dense}/kernel"] = weights[f"{old}.mlp.{layer}.weight"].T
            state[f"{dense}/bias"] = weights[f"{old}.mlp.{layer}.bias"]
    source.state = {prefix + name: tensor for name, tensor in state.items()}
    read_back = copy.deepcopy(source.module)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "weights.npz"
        common.save(source.state, path)
        common.fill(read_back, seed=1).load_pretrained(str(path))
    source.own = lambda _, image: read_back.forward_features(image)
    return source


# BEiT ------------------------------------------------------------------------------------------


def timm_beit_walk(model, image, without) -> States:
    x, prefix = model.patch_embed(image), 0
    if model.pos_embed is not None and "absolute-position-embedding" not in without:
        x = x + model.pos_embed[:, 1:]
    if "class-token" not in without:
        token = model.cls_token
        if model.pos_embed is not None and "class-position" not in without:
            token = token + model.pos_embed[:, :1]
        x, prefix = torch.cat([token, x], dim=1), 1
    shared = model.rel_pos_bias() if model.rel_pos_bias is not None else None
    blocks = []
    for block in model.blocks:
        if "relative-position-bias" in without:
            block.attn.relative_position_bias_table, shared = None, None
        x = block(x, shared_rel_pos_bias=shared)
        blocks.append(x)
    return States(blocks, None, prefix)


def timm_beit(**arguments) -> Source:
    timm = common.import_timm()
    arguments = {
        "img_size": IMAGE, "embed_dim": HIDDEN, "depth": DEPTH, "num_heads": HEADS,
        "mlp_ratio": MLP / HIDDEN, "num_classes": 5} | arguments
    model = common.fill(timm.create_model("beit_base_patch16_224", **arguments))
    return Source(
        "beit", model, dict(model.state_dict()), timm_beit_walk,
        frozenset({"classification-head", "pooling-norm"}),
        frozenset({"class-token", "relative-position-bias"}),
        own=lambda model, image: model.forward_features(image))


def microsoft_beit(**arguments) -> Source:
    """The same names, with the index of every block's table stored beside it."""
    source = timm_beit(**arguments)
    count = GRID**2 + 1
    for block in range(DEPTH):
        source.state[f"blocks.{block}.attn.relative_position_index"] = torch.zeros(
            count, count, dtype=torch.int64)
    source.drops |= {"derived-buffer"}
    return source


# SAM -------------------------------------------------------------------------------------------


def timm_sam_walk(model, image, without) -> States:
    x = model.patch_embed(image) + model.pos_embed
    blocks = []
    for block in model.blocks:
        if "decomposed-relative-position" in without:
            block.attn.use_rel_pos = False
        if "window-attention" in without:
            block.window_size = 0
        x = block(x)
        blocks.append(x.flatten(1, 2))
    return States(blocks, None, 0)


def timm_sam(meta: bool) -> Source:
    timm = common.import_timm()
    model = common.fill(timm.create_model(
        "samvit_base_patch16", img_size=IMAGE, embed_dim=HIDDEN, depth=DEPTH, num_heads=HEADS,
        mlp_ratio=MLP / HIDDEN, window_size=2, global_attn_indexes=(1,), neck_chans=8))
    source = Source(
        "sam-timm", model, dict(model.state_dict()), timm_sam_walk,
        frozenset({"segmentation-neck"}),
        frozenset({"decomposed-relative-position", "window-attention"}))
    if meta:
        source.family = "sam"
        source.state = {
            "image_encoder." + rename(name, {"mlp.fc": "mlp.lin"}): tensor
            for name, tensor in source.state.items()}
        with_extra(
            source, "pretraining-head", prompt_encoder__no_mask_embed__weight=(1, 8),
            mask_decoder__iou_token__weight=(1, 8))
    return source


# MONAI -----------------------------------------------------------------------------------------

# Weights of cross attention that MONAI's blocks have and do not use.
UNUSED = "unused-weights"


def monai_walk(model, image, without) -> States:
    x = model.patch_embedding(image)
    if "absolute-position-embedding" in without:
        x = x - model.patch_embedding.position_embeddings
    prefix = 0
    if hasattr(model, "cls_token") and "class-token" not in without:
        x, prefix = torch.cat([model.cls_token, x], dim=1), 1
    blocks = []
    for block in model.blocks:
        x = block(x)
        blocks.append(x)
    return States(blocks, model.norm(x), prefix)


def monai(classification: bool, perceptron: bool = False, channels: int = 3) -> Source:
    nets = common.need_package("monai.networks.nets")
    model = common.fill(nets.ViT(
        in_channels=channels, img_size=(IMAGE, IMAGE), patch_size=(PATCH, PATCH),
        hidden_size=HIDDEN, mlp_dim=MLP, num_layers=DEPTH, num_heads=HEADS, spatial_dims=2,
        qkv_bias=True, classification=classification, num_classes=5,
        proj_type="perceptron" if perceptron else "conv"))
    return Source(
        "monai-vit-2d-perceptron" if perceptron else "monai-vit-2d", model,
        dict(model.state_dict()), monai_walk,
        frozenset({UNUSED} | ({"classification-head"} if classification else set())),
        frozenset({"class-token"} if classification else ()), channels=channels)
