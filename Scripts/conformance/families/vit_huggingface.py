"""Hugging Face's vision transformers, in the names of their live modules and of their files.

`save_pretrained` writes the names of the hub's files, the live modules' differ since transformers
5; both reach users.
"""

import torch

import common
from vit_sources import DEPTH, HEADS, HIDDEN, IMAGE, MLP, PATCH, Source, States, rename, with_extra


def configured(name: str, **arguments):
    transformers = common.need_package("transformers")
    kind = getattr(transformers, name)
    arguments = {
        "hidden_size": HIDDEN, "num_hidden_layers": DEPTH, "num_attention_heads": HEADS,
        "intermediate_size": MLP, "image_size": IMAGE, "patch_size": PATCH} | arguments
    return common.fill(kind(kind.config_class(**arguments)))


def inner(model):
    """The encoder of a model with a head."""
    names = ("vit", "deit", "dinov2", "dinov2_with_registers", "beit", "vision_model")
    return next((getattr(model, name) for name in names if hasattr(model, name)), model)


def without_positions(positions, row_count: int, without):
    """The rows of the tokens before the patches and those of the patches, zero where lost."""
    rows, patches = positions[:, :row_count], positions[:, row_count:]
    return (
        torch.zeros_like(rows) if "class-position" in without else rows,
        torch.zeros_like(patches) if "absolute-position-embedding" in without else patches)


def walk(model, image, without) -> States:
    model = inner(model)
    embeddings = model.embeddings
    patches = embeddings.patch_embeddings(image)
    prefix, positions = [], embeddings.position_embeddings
    row_count = positions.shape[1] - patches.shape[1]
    rows, positions = without_positions(positions, row_count, without)
    if "class-token" not in without:
        prefix.append(embeddings.cls_token + rows[:, :1])
    if row_count == 2 and "distillation-token" not in without:
        prefix.append(embeddings.distillation_token + rows[:, 1:2])
    if hasattr(embeddings, "register_tokens") and "register-tokens" not in without:
        prefix.append(embeddings.register_tokens)
    x = torch.cat([*prefix, patches + positions], dim=1)
    blocks = []
    for layer in model.encoder.layer if hasattr(model, "encoder") else model.layers:
        x = layer(x)
        blocks.append(x)
    return States(blocks, model.layernorm(x), sum(token.shape[1] for token in prefix))


def beit_walk(model, image, without) -> States:
    model = inner(model)
    x, prefix = model.embeddings.patch_embeddings(image), 0
    token = model.embeddings.cls_token
    if model.embeddings.position_embeddings is not None:
        row, positions = without_positions(model.embeddings.position_embeddings, 1, without)
        token, x = token + row, x + positions
    if "class-token" not in without:
        x, prefix = torch.cat([token, x], dim=1), 1
    window, mask = (IMAGE // PATCH, IMAGE // PATCH), None
    if model.shared_position_bias is not None and "relative-position-bias" not in without:
        mask = model.shared_position_bias(window, dim_size=x.shape[1])
    blocks = []
    for layer in model.layers:
        if "relative-position-bias" in without:
            layer.relative_position_bias = None
        x = layer(x, attention_mask=mask, resolution=(IMAGE, IMAGE))
        blocks.append(x)
    return States(blocks, None, prefix)


def clip_walk(model, image, without) -> States:
    model = inner(model)
    embeddings = model.embeddings
    patches = embeddings.patch_embedding(image).flatten(2).transpose(1, 2)
    positions = embeddings.position_embedding.weight.unsqueeze(0)
    row, positions = without_positions(positions, 1, without)
    prefix = 0 if "class-token" in without else 1
    x = patches + positions
    if prefix:
        token = embeddings.class_embedding.view(1, 1, -1) + row
        x = torch.cat([token, x], dim=1)
    if "pre-norm" not in without:
        x = model.pre_layrnorm(x)
    blocks = []
    for layer in model.encoder.layers:
        x = layer(x, attention_mask=None)
        blocks.append(x)
    return States(blocks, None, prefix)


def sam_walk(model, image, without) -> States:
    encoder = model.vision_encoder
    x = encoder.patch_embed(image) + encoder.pos_embed
    blocks = []
    for layer in encoder.layers:
        if "decomposed-relative-position" in without:
            layer.attn.use_rel_pos = False
        if "window-attention" in without:
            layer.window_size = 0
        x = layer(x)
        blocks.append(x.flatten(1, 2))
    return States(blocks, None, 0)


def source(name: str, family: str, hub: bool, drops=(), pieces=(), walk=walk, **arguments) -> Source:
    model = configured(name, **arguments)
    return Source(
        family + ("" if hub else "-5"), model, dict(model.state_dict()), walk, frozenset(drops),
        frozenset(pieces or {"class-token"}), folder=hub, patch=arguments.get("patch_size", PATCH),
        own=lambda model, image: inner(model)(image).last_hidden_state)


def beit(name: str, hub: bool, drops, **arguments) -> Source:
    return source(
        name, "beit-huggingface", hub, drops, {"class-token", "relative-position-bias"}, beit_walk,
        **arguments)


def mae(name: str, hub: bool, drops=()) -> Source:
    made = source(
        name, "vit-huggingface", hub, drops, mask_ratio=0.0, decoder_hidden_size=8,
        decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=16)
    # Its own forward pass shuffles the patches.
    made.own = None
    return made


def clip(name: str = "CLIPVisionModel") -> Source:
    """Both generations have one naming; the tower of a whole CLIPModel has a prefix."""
    made = source(
        name, "clip-huggingface", True, {"pooling-norm"}, {"class-token", "pre-norm", "activation"}, clip_walk)
    if name == "CLIPVisionModelWithProjection":
        made.drops |= {"projection-head"}
    made.own = lambda model, image: inner(model)(image, output_hidden_states=True).hidden_states[-1]
    return made


def clip_with_text() -> Source:
    transformers = common.need_package("transformers")
    vision = {
        "hidden_size": HIDDEN, "num_hidden_layers": DEPTH, "num_attention_heads": HEADS,
        "intermediate_size": MLP, "image_size": IMAGE, "patch_size": PATCH}
    text = {
        "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 32, "vocab_size": 99}
    model = common.fill(transformers.CLIPModel(
        transformers.CLIPConfig(text_config=text, vision_config=vision)))
    return Source(
        "clip-huggingface", model, dict(model.state_dict()), clip_walk,
        frozenset({"pooling-norm", "projection-head", "text-tower"}),
        frozenset({"class-token", "pre-norm", "activation"}), folder=True)


def clip_openai() -> Source:
    """OpenAI's names for Hugging Face's weights."""
    made = clip()
    names = {
        "embeddings.class_embedding": "class_embedding",
        "embeddings.position_embedding.weight": "positional_embedding",
        "embeddings.patch_embedding": "conv1", "pre_layrnorm": "ln_pre",
        "post_layernorm": "ln_post", "encoder.layers": "transformer.resblocks",
        "self_attn": "attn", "layer_norm": "ln_", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    state = {}
    for name, tensor in made.state.items():
        if "q_proj" in name:
            parts = [made.state[name.replace("q_proj", f"{p}_proj")] for p in "qkv"]
            name, tensor = name.replace("q_proj.", "in_proj_"), torch.cat(parts)
        elif "k_proj" in name or "v_proj" in name:
            continue
        state["visual." + rename(name, names)] = tensor
    made.family, made.state, made.folder = "clip-openai", state, False
    with_extra(made, "projection-head", visual__proj=(HIDDEN, 16))
    return with_extra(
        made, "text-tower", positional_embedding=(7, 16), text_projection=(16, 16),
        logit_scale=(), token_embedding__weight=(50, 16), ln_final__weight=(16,),
        transformer__resblocks__0__attn__in_proj_weight=(48, 16))


def sam() -> Source:
    made = source(
        "SamVisionModel", "sam-huggingface", True, {"segmentation-neck"},
        {"decomposed-relative-position", "window-attention"}, sam_walk, mlp_dim=MLP, window_size=2,
        global_attn_indexes=[1], output_channels=8)
    made.own = None
    return made
