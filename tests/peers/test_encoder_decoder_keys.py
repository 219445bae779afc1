"""Every key of the config classes of encoder-decoders: with another value the model agrees, or the key is refused."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from jaxneuron.types import Tokens, Translation  # noqa: E402
from jaxneuron_models import pretrained  # noqa: E402
from jaxneuron_models.architectures import ARCHITECTURES  # noqa: E402
from jaxneuron_models.architectures.settings import SHARED, Field, Only, Raw  # noqa: E402
from tests.peers.test_encoder_decoder import LANGUAGE, checkpoint, close  # noqa: E402

WORDS = 61
BART = {
    "vocab_size": WORDS,
    "d_model": 8,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 12,
    "decoder_ffn_dim": 10,
    "max_position_embeddings": 9,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
}
T5 = {"vocab_size": WORDS, "d_model": 8, "d_kv": 3, "d_ff": 12, "num_layers": 1, "num_heads": 2, "pad_token_id": 1}
FAMILIES = {"marian": ("Marian", BART), "bart": ("Bart", BART), "t5": ("T5", T5)}
OTHER = {  # values that the type of the default does not tell
    "dtype": "float16",
    "id2label": {"0": "no", "1": "yes"},
    "label2id": {"no": 0, "yes": 1},
    "problem_type": "regression",
    "chunk_size_feed_forward": 1,
    "activation_function": "relu",
    "feed_forward_proj": "gated-silu",
    "dense_act_fn": "tanh",
    "layer_norm_epsilon": 0.3,
    "decoder_vocab_size": 67,
    "relative_attention_num_buckets": 6,
    "relative_attention_max_distance": 20,
    "num_decoder_layers": 2,
    "transformers_version": "4.1.0",
}
KWARGS = [  # no fields of the classes, but known to their code, or to that of earlier versions or other families
    ("tie_word_embeddings", False),
    ("is_decoder", True),
    ("num_labels", 4),
    ("torch_dtype", "bfloat16"),
    ("normalize_before", True),
    ("num_beams", 4),
    ("add_cross_attention", True),
    ("is_encoder_decoder", False),
    ("quantization_config", {"quant_method": "gptq", "bits": 4}),
    ("sliding_window", 2),
]
RANDOM = np.random.default_rng(0)
READ = Translation(
    Tokens(RANDOM.integers(3, WORDS, (2, 7)), np.arange(7)[None] < np.array([[7], [4]])),
    Tokens(RANDOM.integers(3, WORDS, (2, 5)), np.arange(5)[None] < np.array([[3], [5]])),
)
run = jax.jit(lambda forward, params, read: forward(params, read, {})[0].logits, static_argnums=0)


def keys():
    for family, (name, tiny) in FAMILIES.items():
        for key, value in getattr(transformers, f"{name}Config")().to_dict().items():
            if key in tiny or key in ("model_type", "architectures", "_name_or_path", "tie_word_embeddings"):
                continue
            if isinstance(value, bool):
                yield family, key, not value
            elif key in OTHER:
                yield family, key, OTHER[key]
            else:
                yield family, key, 3 if value is None or isinstance(value, int) else 0.5
        yield from ((family, key, value) for key, value in KWARGS)


@pytest.mark.parametrize(("family", "key", "value"), list(keys()))
def test_a_setting_agrees_or_is_refused(family, key, value, tmp_path):
    name, tiny = FAMILIES[family]
    described = tiny | {key: value}
    try:
        model = checkpoint(tmp_path, name, "language", noise=0.3, **json.loads(json.dumps(described)))
        with torch.no_grad():
            theirs = model(
                input_ids=torch.tensor(READ.source.ids),
                attention_mask=torch.tensor(READ.source.mask),
                decoder_input_ids=torch.tensor(READ.target.ids),
                decoder_attention_mask=torch.tensor(READ.target.mask),
                return_dict=True,
            ).logits
    except Exception as error:
        pytest.skip(f"torch cannot: {error}")
    said = {"model_type": family, "architectures": [name + LANGUAGE[name]]} | described
    (tmp_path / "config.json").write_text(json.dumps(said))
    try:
        ours = pretrained.load(tmp_path)
    except ValueError as error:
        assert repr(key) in str(error)
        return
    close(run(ours.forward, ours.params, jax.tree.map(jnp.asarray, READ)), theirs, READ.target.mask)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_table_knows_every_key_and_its_default(family):
    config = getattr(transformers, f"{FAMILIES[family][0]}Config")()
    rules = SHARED | ARCHITECTURES[family].settings
    derived = {"id2label", "decoder_vocab_size", "num_decoder_layers", "dense_act_fn", "is_gated_act"}
    for key, default in config.to_dict().items():
        rule = rules[key]
        if isinstance(rule, Field | Raw | Only) and key not in derived | {"scale_decoder_outputs"}:
            assert (rule.value if isinstance(rule, Only) else rule.default) == default, key
    assert ARCHITECTURES[family].aliases == config.attribute_map
