"""Our encoder-decoder against `transformers` in torch: the same numbers at every site, and the same text written."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, models  # noqa: E402

from jaxneuron.types import Tokens, Translation  # noqa: E402
from jaxneuron_models import encoder_decoder_writing, pretrained  # noqa: E402

WORDS, START = 61, 60
BART = {
    "vocab_size": WORDS,
    "d_model": 24,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 28,
    "max_position_embeddings": 23,
    "decoder_start_token_id": START,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "forced_eos_token_id": 2,
}
T5 = {
    "vocab_size": WORDS,
    "d_model": 24,
    "d_kv": 10,
    "d_ff": 40,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 3,
    "relative_attention_num_buckets": 10,
    "relative_attention_max_distance": 9,
    "decoder_start_token_id": START,
    "pad_token_id": 1,
    "eos_token_id": 2,
}
MARIAN = BART | {"activation_function": "swish"}
LANGUAGE = {"Marian": "MTModel", "Bart": "ForConditionalGeneration", "T5": "ForConditionalGeneration"}
VARIANTS = {
    "marian": ("Marian", "language", MARIAN | {"scale_embedding": True}),
    "marian, two vocabularies": (
        "Marian",
        "language",
        MARIAN | {"share_encoder_decoder_embeddings": False, "decoder_vocab_size": 67},
    ),
    "marian, untied": ("Marian", "language", MARIAN | {"tie_word_embeddings": False}),
    "marian, no head": ("Marian", "Model", MARIAN),
    "bart": ("Bart", "language", BART),
    "bart, untied": ("Bart", "language", BART | {"tie_word_embeddings": False, "scale_embedding": True}),
    "bart, no head": ("Bart", "Model", BART),
    "bart, sentences": ("Bart", "ForSequenceClassification", BART | {"num_labels": 4}),
    "bart, answers": ("Bart", "ForQuestionAnswering", BART),
    "t5": ("T5", "language", T5),
    "t5, gated": ("T5", "language", T5 | {"feed_forward_proj": "gated-gelu"}),
    "t5 1.1": ("T5", "language", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "t5, no head": ("T5", "Model", T5),
}


def checkpoint(folder, family, head, noise=0.1, **settings):
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**settings)
    config._attn_implementation = "eager"
    model = getattr(transformers, family + (LANGUAGE[family] if head == "language" else head))(config).eval()
    with torch.no_grad():
        for weight in model.parameters():  # biases of 0 and scales of 1 would hide mistakes
            if weight.requires_grad:
                weight.add_(noise * torch.randn_like(weight))
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.copy_(0.3 * torch.randn_like(model.final_logits_bias))
    if family == "T5" and head == "language" and settings.get("tie_word_embeddings") is False:
        model.lm_head.weight = torch.nn.Parameter(torch.randn(WORDS, settings["d_model"]))
    model.save_pretrained(folder)
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(WORDS)}, unk_token="w0")).save(str(folder / "tokenizer.json"))
    return model


def texts():
    """Two rows; the second source and the first target are shorter; no padding word within."""
    random = np.random.default_rng(0)
    source, source_mask = random.integers(3, WORDS, (2, 11)), np.ones((2, 11), bool)
    source[1, 7:], source_mask[1, 7:] = 1, False
    source[0, 10] = source[1, 6] = 2
    target, target_mask = random.integers(3, WORDS, (2, 9)), np.ones((2, 9), bool)
    target[:, 0] = START
    target[0, 5:], target_mask[0, 5:] = 1, False
    return Translation(Tokens(source, source_mask), Tokens(target, target_mask))


def close(ours, theirs, mask=None, tolerance=1e-4):
    ours, theirs = np.asarray(ours, np.float64), theirs.detach().float().numpy().astype(np.float64)
    if mask is not None:
        ours, theirs = ours[mask], theirs[mask]
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


def outputs(model, family, read):
    """Run the torch model, and note what each of its modules gives out."""
    seen = {}

    def note(site, entering=False):
        def hook(module, inputs, output):
            value = inputs if entering else output
            seen[site] = value[0] if isinstance(value, tuple) else value

        return hook

    body = model if family == "T5" else getattr(model, "model", model)
    for side in ("encoder", "decoder"):
        stack = getattr(body, side)
        for number, block in enumerate(stack.block if family == "T5" else stack.layers):
            if family == "T5":
                parts = {"attention": "layer.0.SelfAttention", "mlp": "layer.{last}.DenseReluDense"}
                heads, last = ".o", len(block.layer) - 1
                parts |= {"mlp/hidden": "layer.{last}.DenseReluDense.wo"}
                cross = "layer.1.EncDecAttention"
            else:
                parts, heads, last = {"attention": "self_attn", "mlp": "fc2", "mlp/hidden": "fc2"}, ".out_proj", 0
                cross = "encoder_attn"
            parts |= {"heads": parts["attention"] + heads}
            parts |= {"cross": cross, "cross/heads": cross + heads} if side == "decoder" else {}
            block.register_forward_hook(note(f"{side}/block{number}/residual"))
            for site, name in parts.items():
                entering = site.endswith(("heads", "hidden"))
                block.get_submodule(name.format(last=last)).register_forward_hook(
                    note(f"{side}/block{number}/{site}", entering)
                )
        if family == "T5":
            stack.final_layer_norm.register_forward_hook(note(f"{side}/final"))
    given = {
        "input_ids": read.source.ids,
        "attention_mask": read.source.mask,
        "decoder_input_ids": read.target.ids,
        "decoder_attention_mask": read.target.mask,
    }
    with torch.no_grad():
        output = model(
            **{name: torch.tensor(value) for name, value in given.items()},
            output_attentions=True,
            output_hidden_states=True,
            use_cache=False,
        )
    return seen, output


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_site_and_the_logits_agree(variant, tmp_path):
    family, head, settings = VARIANTS[variant]
    model = checkpoint(tmp_path, family, head, **settings)
    read = texts()
    if head == "ForSequenceClassification":  # reads the source again, shifted
        again = np.concatenate([np.full((2, 1), START), read.source.ids[:, :-1]], axis=1)
        read = Translation(read.source, Tokens(again, read.source.mask))
    seen, output = outputs(model, family, read)
    ours = pretrained.load(tmp_path)
    prediction, activations = jax.jit(ours.forward)(ours.params, jax.tree.map(jnp.asarray, read), {})
    assert len(seen) >= 3 * 5 + 2 * 7
    mask = {"encoder": read.source.mask, "decoder": read.target.mask}
    for site, value in seen.items():
        close(activations[site], value, mask[site.split("/")[0]])
    close(activations["encoder/embed"], output.encoder_hidden_states[0], mask["encoder"])
    close(activations["decoder/embed"], output.decoder_hidden_states[0], mask["decoder"])
    for found, theirs, side in [
        (prediction.encoder, output.encoder_attentions, "encoder"),
        (prediction.attention, output.decoder_attentions, "decoder"),
        (prediction.cross, output.cross_attentions, "decoder"),
    ]:
        for one, other in zip(found, theirs, strict=True):
            close(one, other, np.broadcast_to(mask[side][:, None], other.shape[:3]))
    if head == "ForSequenceClassification":
        close(prediction.logits[:, 0], output.logits)
    elif head == "ForQuestionAnswering":
        close(prediction.logits[..., 0], output.start_logits, mask["decoder"])
        close(prediction.logits[..., 1], output.end_logits, mask["decoder"])
    elif head == "Model":
        assert prediction.logits is None
    else:
        close(prediction.logits, output.logits, mask["decoder"])


@pytest.mark.parametrize("variant", ["marian", "bart", "t5 1.1"])
def test_half_the_digits_agree_in_bfloat16(variant, tmp_path):
    family, head, settings = VARIANTS[variant]
    model = checkpoint(tmp_path, family, head, **settings)
    _, output = outputs(model.to(torch.bfloat16), family, texts())
    ours = pretrained.load(tmp_path, dtype=jnp.bfloat16)
    prediction, activations = jax.jit(ours.forward)(ours.params, jax.tree.map(jnp.asarray, texts()), {})
    assert {value.dtype for value in activations.values()} == {jnp.dtype(jnp.bfloat16)}
    close(prediction.logits, output.logits, texts().target.mask, tolerance=3e-2)


@pytest.mark.parametrize("variant", ["marian", "marian, two vocabularies", "bart", "t5", "t5 1.1"])
def test_greedy_writing_is_that_of_generate(variant, tmp_path):
    family, head, settings = VARIANTS[variant]
    model = checkpoint(tmp_path, family, head, noise=0.7, **settings)
    source = texts().source

    def written(**rules):
        said = json.loads((tmp_path / "generation_config.json").read_text()) | rules
        (tmp_path / "generation_config.json").write_text(json.dumps(said))
        model.generation_config = transformers.GenerationConfig.from_pretrained(tmp_path)
        given = {"attention_mask": torch.tensor(source.mask), "num_beams": 1, "do_sample": False, "max_length": 13}
        with torch.no_grad():
            theirs = model.generate(torch.tensor(source.ids), **given).numpy()
        ours = pretrained.load(tmp_path)
        assert ours.writing is not None
        found = encoder_decoder_writing.write(
            jax.random.key(0), ours.config, ours.params, ours.writing, source, length=12, temperature=0.0
        )
        ids = np.where(found.tokens.mask, found.tokens.ids, settings["pad_token_id"])[:, : theirs.shape[1]]
        np.testing.assert_array_equal(ids, theirs)
        return theirs

    free = written()
    ruled = written(bad_words_ids=[[int(free[0, 4])], [START]], forced_bos_token_id=7)
    assert (ruled[:, 1] == 7).all() and free[0, 4] not in ruled
    end = int(free[1, 3])
    ended = written(bad_words_ids=None, forced_bos_token_id=None, forced_eos_token_id=None, eos_token_id=end)
    assert (ended[1, 1:] == end).sum() == 1
