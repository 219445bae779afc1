"""Decoders against `transformers` in torch: every family with what sets it apart, every head it has, and its steps."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from safetensors.torch import load_file, save_file  # noqa: E402
from tokenizers import Tokenizer, models  # noqa: E402

from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import pretrained, transformer_step  # noqa: E402

WORDS = 61
PLAIN = {
    "vocab_size": WORDS,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "max_position_embeddings": 23,
}
GROUPED = PLAIN | {"num_key_value_heads": 1}
ODD = GROUPED | {"head_dim": 10}
SHORT = {"max_position_embeddings": 8}
FOUR = {"num_hidden_layers": 4}
KINDS = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 3}
QWEN = GROUPED | {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1}
GPT_NEO = {
    "vocab_size": WORDS,
    "hidden_size": 24,
    "num_layers": 3,
    "num_heads": 3,
    "intermediate_size": 20,
    "max_position_embeddings": 23,
    "attention_types": [[["global", "local"], 1], [["local"], 1]],
    "window_size": 3,
}
OPT = {key: value for key, value in PLAIN.items() if key != "intermediate_size"} | {"ffn_dim": 20}
GPTJ = {"vocab_size": WORDS, "n_embd": 24, "n_layer": 2, "n_head": 3, "n_inner": 20, "n_positions": 23}
BLOOM = {"vocab_size": WORDS, "hidden_size": 24, "n_layer": 2}
FALCON = {"vocab_size": WORDS, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 6}
VARIANTS = {
    "llama linear": ("Llama", ODD | {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    "llama llama3": (
        "Llama",
        ODD
        | {
            "rope_scaling": {
                "rope_type": "llama3",
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 16,
            }
        },
    ),
    "llama dynamic": ("Llama", GROUPED | SHORT | {"rope_scaling": {"type": "dynamic", "factor": 2.0}}),
    "llama yarn": ("Llama", ODD | {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 4.0}}),
    "llama yarn, all said": (
        "Llama",
        ODD
        | {
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 50.0,
                "factor": 4.0,
                "original_max_position_embeddings": 40,
                "mscale": 0.7,
                "mscale_all_dim": 1.3,
                "truncate": False,
            }
        },
    ),
    "llama longrope": (
        "Llama",
        ODD
        | {
            "rope_scaling": {
                "rope_type": "longrope",
                "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4],
                "long_factor": [1.0, 2.0, 3.0, 4.0, 5.0],
                "original_max_position_embeddings": 8,
            }
        },
    ),
    "neox yarn": (
        "GPTNeoX",
        PLAIN | {"hidden_size": 48, "rotary_pct": 0.5, "rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
    ),
    "qwen2": ("Qwen2", QWEN),
    "qwen2 whole": ("Qwen2", PLAIN | {"num_key_value_heads": 3, "tie_word_embeddings": True}),
    "qwen3": ("Qwen3", QWEN | {"head_dim": 10}),
    "qwen3 with biases": ("Qwen3", ODD | {"attention_bias": True} | KINDS | {"use_sliding_window": True}),
    "mistral": ("Mistral", ODD | {"sliding_window": 3}),
    "mistral whole": ("Mistral", GROUPED | {"sliding_window": None}),
    "gpt_neo": ("GPTNeo", GPT_NEO),
    "opt": ("OPT", OPT),
    "opt without biases": ("OPT", OPT | {"enable_bias": False}),
    "gemma": ("Gemma", ODD | {"hidden_act": "gelu"}),
    "gemma2": ("Gemma2", ODD | {"sliding_window": 3, "query_pre_attn_scalar": 7}),
    "gemma2 uncapped": ("Gemma2", ODD | KINDS | {"attn_logit_softcapping": None, "final_logit_softcapping": 2.0}),
    "gemma3": ("Gemma3", ODD | FOUR | {"sliding_window": 3, "sliding_window_pattern": 2}),
    "gemma3 scaled": (
        "Gemma3",
        ODD | KINDS | {"rope_scaling": {"rope_type": "linear", "factor": 8.0}, "rope_local_base_freq": 50.0},
    ),
    "olmo2": ("Olmo2", GROUPED),
    "smollm3": ("SmolLM3", GROUPED | FOUR | {"use_sliding_window": True, "sliding_window": 3}),
    "smollm3 listed": ("SmolLM3", ODD | {"no_rope_layers": [0, 1], "mlp_bias": True}),
    "granite": (
        "Granite",
        GROUPED
        | {
            "embedding_multiplier": 3.0,
            "residual_multiplier": 0.3,
            "attention_multiplier": 0.2,
            "logits_scaling": 5.0,
            "attention_bias": True,
        },
    ),
    "phi": ("Phi", GROUPED),
    "phi with norms": ("Phi", PLAIN | {"qk_layernorm": True, "partial_rotary_factor": 0.75}),
    "phi tied": ("Phi", PLAIN | {"tie_word_embeddings": True}),
    "phi3": ("Phi3", GROUPED | {"sliding_window": 3}),
    "phi3 longrope": (
        "Phi3",
        GROUPED
        | {
            "partial_rotary_factor": 0.5,
            "original_max_position_embeddings": 8,
            "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.2], "long_factor": [2.0, 4.0]},
        },
    ),
    "stablelm": ("StableLm", PLAIN | {"num_key_value_heads": 1, "use_qkv_bias": True, "partial_rotary_factor": 0.5}),
    "stablelm parallel": ("StableLm", PLAIN | {"num_key_value_heads": 3, "use_parallel_residual": True}),
    "gptj": ("GPTJ", GPTJ | {"rotary_dim": 4}),
    "gptj whole": ("GPTJ", GPTJ | {"rotary_dim": 8, "tie_word_embeddings": True}),
    "bloom": ("Bloom", BLOOM | {"n_head": 3}),
    "bloom, a power of heads": ("Bloom", BLOOM | {"n_head": 4}),
    "falcon": ("Falcon", FALCON),
    "falcon in a row": ("Falcon", FALCON | {"parallel_attn": False, "multi_query": False, "bias": True}),
    "falcon 2": ("Falcon", FALCON | {"new_decoder_architecture": True, "num_kv_heads": 3}),
    "falcon 2 with one norm": (
        "Falcon",
        FALCON | {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
    ),
}
HEADS = ("ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
FAMILIES = {VARIANTS[name][0]: name for name in reversed(VARIANTS)}
BLOCKS = {"GPTNeo": "h", "GPTJ": "h", "Bloom": "h", "Falcon": "h", "OPT": "decoder.layers"}
PRODUCTS = {
    "GPTNeoX": ("attention.dense", "mlp.dense_4h_to_h"),
    "GPTNeo": ("attn.attention.out_proj", "mlp.c_proj"),
    "GPTJ": ("attn.out_proj", "mlp.fc_out"),
    "Bloom": ("self_attention.dense", "mlp.dense_4h_to_h"),
    "Falcon": ("self_attention.dense", "mlp.dense_4h_to_h"),
    "OPT": ("self_attn.out_proj", "fc2"),
    "Phi": ("self_attn.dense", "mlp.fc2"),
}
"""The last products of attention and MLP in a block; those of Llama's kin are named as Llama's."""
GIVEN_NORMS = {
    "Gemma2": ("post_attention_layernorm", "post_feedforward_layernorm"),
    "Gemma3": ("post_attention_layernorm", "post_feedforward_layernorm"),
    "Olmo2": ("post_attention_layernorm", "post_feedforward_layernorm"),
}
"""Of what the products give, where it is normalised before it is added."""


def checkpoint(folder, variant, head="ForCausalLM", dtype="float32"):
    """Save a model whose every weight is random, and return torch's in float32."""
    torch.manual_seed(0)
    name, settings = VARIANTS[variant]
    settings = json.loads(json.dumps(settings))
    config = getattr(transformers, CONFIGS.get(name, f"{name}Config"))(
        **settings, num_labels=2 if "Question" in head else 4, pad_token_id=1
    )
    config._attn_implementation = "eager"
    model = getattr(transformers, HEADED.get((name, head), name + head))(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
            weight.copy_(weight.to(getattr(torch, dtype)))
    model.save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: weight.to(getattr(torch, dtype)) for name, weight in weights.items()}, folder / "model.safetensors"
    )
    written = json.loads((folder / "config.json").read_text())
    said = {"architectures", "model_type", "id2label", "num_labels", "pad_token_id", "dtype"}
    kept = {key: value for key, value in written.items() if key in said}
    (folder / "config.json").write_text(json.dumps(settings | kept))  # as people have it, not as torch completes it
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(WORDS)}, unk_token="w0")).save(str(folder / "tokenizer.json"))
    return model


CONFIGS = {"Gemma3": "Gemma3TextConfig"}
HEADED = {("Gemma3", "ForSequenceClassification"): "Gemma3TextForSequenceClassification"}
IDS = np.random.default_rng(0).integers(2, WORDS, (2, 11))
MASK = np.arange(11)[None] < np.array([[11], [7]])
IDS[~MASK] = 1
TEXT = Tokens(jnp.asarray(IDS), jnp.asarray(MASK))


def close(ours, theirs, mask=None):
    ours, theirs = np.asarray(ours, np.float64), theirs.detach().numpy().astype(np.float64)
    if mask is not None:
        ours, theirs = ours[mask], theirs[mask]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def run(model, name, ids=IDS, mask=MASK):
    """Run torch's model, and note what its blocks and their products read and give."""
    seen = {}

    def note(site, entering=""):
        def hook(module, inputs, output):
            seen[site] = (output[0] if isinstance(output, tuple) else output).clone()  # Falcon adds to it in place
            if entering:
                seen[entering] = inputs[0]

        return hook

    body = getattr(model, model.base_model_prefix, model)
    for number, block in enumerate(body.get_submodule(BLOCKS.get(name, "layers"))):
        here = f"block{number}"
        block.register_forward_hook(note(f"{here}/residual"))
        attention, mlp = PRODUCTS.get(name, ("self_attn.o_proj", "mlp.down_proj"))
        block.get_submodule(attention).register_forward_hook(note(f"{here}/attention", f"{here}/heads"))
        block.get_submodule(mlp).register_forward_hook(note(f"{here}/mlp", f"{here}/mlp/hidden"))
        for site, norm in zip(("attention", "mlp"), GIVEN_NORMS.get(name, ()), strict=False):
            block.get_submodule(norm).register_forward_hook(note(f"{here}/{site}"))
    given = {"attention_mask": torch.tensor(mask), "output_hidden_states": True, "output_attentions": True}
    with torch.no_grad():
        output = model(torch.tensor(ids), **given)
    for site in seen:
        if name == "Granite" and site.endswith(("/attention", "/mlp")):
            seen[site] = seen[site] * model.config.residual_multiplier
        if seen[site].ndim == 2:  # OPT's MLP reads the words of all texts in a row
            seen[site] = seen[site].reshape(*ids.shape, -1)
    return seen | {"embed": output.hidden_states[0], "final": output.hidden_states[-1]}, output


def by_length(variant):
    """Return whether positions depend on the length of the text: torch's on that of the padded batch."""
    return any(kind in variant for kind in ("dynamic", "longrope"))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_site_and_the_logits_agree(variant, dtype, tmp_path):
    model = checkpoint(tmp_path, variant, dtype=dtype)
    seen, output = run(model, VARIANTS[variant][0])
    ours = pretrained.load(tmp_path)
    prediction, activations = ours.forward(ours.params, TEXT, {})
    mask = MASK & np.array([[True], [not by_length(variant)]])
    assert len(seen) == 2 + 5 * ours.config.blocks
    for site, value in seen.items():
        close(activations[site], value, mask)
    for number, probability in enumerate(output.attentions):
        close(prediction.attention[number], probability, np.broadcast_to(mask[:, None], probability.shape[:3]))
    close(prediction.logits, output.logits, mask)
    if by_length(variant):
        _, alone = run(model, VARIANTS[variant][0], IDS[1:, :7], MASK[1:, :7])
        close(prediction.logits[1:, :7], alone.logits)


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_differs_by_its_rounding(family, tmp_path):
    variant = FAMILIES[family]
    _, output = run(checkpoint(tmp_path, variant), family)
    ours = pretrained.load(tmp_path, dtype=jnp.bfloat16)
    found = ours.forward(ours.params, TEXT, {})[0].logits
    assert found.dtype == jnp.bfloat16
    theirs = output.logits.numpy()[MASK]
    assert np.sqrt(np.mean((np.asarray(found, np.float32)[MASK] - theirs) ** 2)) < 0.03 * np.std(theirs)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_head_agrees(family, head, tmp_path):
    if not hasattr(transformers, HEADED.get((family, head), family + head)):
        pytest.skip(f"transformers has no {family}{head}")
    variant = FAMILIES[family]
    _, output = run(checkpoint(tmp_path, variant, head), family)
    ours = pretrained.load(tmp_path)
    logits = ours.forward(ours.params, TEXT, {})[0].logits
    if head == "ForQuestionAnswering":
        close(logits, torch.stack([output.start_logits, output.end_logits], -1), MASK)
    elif head == "ForSequenceClassification":
        close(logits[:, 0], output.logits)
    else:
        close(logits, output.logits, MASK)


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_agree_with_the_whole(variant, tmp_path):
    checkpoint(tmp_path, variant)
    ours = pretrained.load(tmp_path)
    step, room = transformer_step.build(ours.config), min(11, ours.config.steps or 11)
    ids = jnp.asarray(IDS[:1, :room])
    whole, _ = ours.forward(ours.params, Tokens(ids, jnp.ones(ids.shape, bool)), {})
    state, found = transformer_step.initial_state(ours.config, 1, room), []
    for part in (ids[:, :5], ids[:, 5:6], ids[:, 6:]):
        output, _, state = step(ours.params, state, part, {})
        found.append(output.logits)
    np.testing.assert_allclose(jnp.concatenate(found, 1), whole.logits, rtol=1e-4, atol=1e-5)
