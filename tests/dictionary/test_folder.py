"""SAELens's folders: written and read back bit for bit; read as SAELens computes, whatever the architecture."""

import json
from dataclasses import fields, replace

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from jaxneuron.dictionary import encode, folder, hooks, reconstruct
from tests.dictionary.test_dictionary import UNITS, VALUE, dictionary

TRANSCODER = {"site": "block1/mlp/in", "output": "block1/mlp", "centred": False}
THRESHOLD = jnp.linspace(0.1, 0.9, 40)


@pytest.mark.parametrize(
    "options",
    [
        {"site": "block3/residual"},
        {"kind": "relu", "k": 0, "centred": False, "normalised": "layer_norm", "site": "visual/gru"},
        {"kind": "jumprelu", "k": 0, "threshold": THRESHOLD, "site": "block0/heads"},
        {"kind": "relu", "k": 0, **TRANSCODER},
        {"kind": "jumprelu", "k": 0, "threshold": THRESHOLD, **TRANSCODER, "skip": jnp.ones((UNITS, UNITS)) / 3},
        {**TRANSCODER},
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_folder_is_read_back_bit_for_bit(tmp_path, options, dtype):
    arrays = ("encoder", "encoder_bias", "decoder", "decoder_bias", "threshold", "skip")
    found = dictionary(**options)
    found = replace(
        found, **{n: None if getattr(found, n) is None else getattr(found, n).astype(dtype) for n in arrays}
    )
    density = np.linspace(0, 1, 40).astype(np.float32)
    folder.write(tmp_path / "sae", found, metadata={"model_name": "tiny"}, density=density)
    back = folder.read(tmp_path / "sae")
    for one in fields(found):
        wanted, given = getattr(found, one.name), getattr(back.dictionary, one.name)
        if one.name in arrays and wanted is not None:
            assert given.dtype == wanted.dtype
            np.testing.assert_array_equal(given, wanted)
        else:
            assert given == wanted
    np.testing.assert_allclose(back.density, density, atol=1e-6)
    assert back.metadata["model_name"] == "tiny"
    folder.write(tmp_path / "again", back.dictionary, metadata={"model_name": "tiny"}, density=density)
    for name in (folder.CONFIG, folder.WEIGHTS):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "sae" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "sae").iterdir()) == sorted(
        [folder.CONFIG, folder.WEIGHTS, folder.SPARSITY]
    )


def written(tmp_path, architecture, weights, **settings):
    """Write a folder as SAELens does."""
    config = {
        "d_in": UNITS,
        "d_sae": 40,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": "6.54.12", "hook_name": "blocks.2.hook_resid_pre"},
        "architecture": architecture,
    } | settings
    (tmp_path / "cfg.json").write_text(json.dumps(config))
    save_file(
        {name: np.asarray(part, np.float32) for name, part in weights.items()}, tmp_path / "sae_weights.safetensors"
    )
    return tmp_path


def weights(**more):
    """Return the arrays of a standard dictionary."""
    found = dictionary()
    names = {"W_enc": found.encoder, "b_enc": found.encoder_bias, "W_dec": found.decoder, "b_dec": found.decoder_bias}
    return {name: np.asarray(part) for name, part in (names | more).items() if part is not None}


def test_a_gated_dictionary_is_read_as_the_thresholds_that_it_equals(tmp_path):
    draw = np.random.default_rng(3).normal
    gate, magnitude, bias = draw(size=40), draw(size=40) / 4, draw(size=40)
    given = weights(b_enc=None, b_gate=gate, r_mag=magnitude, b_mag=bias)
    back = folder.read(written(tmp_path, "gated", given)).dictionary
    x = VALUE - np.asarray(back.decoder_bias)
    product = x @ np.asarray(given["W_enc"])
    wanted = np.where(product + gate > 0, np.maximum(product * np.exp(magnitude) + bias, 0), 0)
    np.testing.assert_allclose(encode(back, jnp.asarray(VALUE)), wanted, atol=1e-4)
    assert back.site == "block1/residual"


def test_codes_chosen_by_the_decoders_norms_are_chosen_so(tmp_path):
    given = weights()
    back = folder.read(written(tmp_path, "topk", given, k=3, rescale_acts_by_decoder_norm=True)).dictionary
    norm = np.linalg.norm(given["W_dec"], axis=1)
    before = ((VALUE - np.asarray(given["b_dec"])) @ given["W_enc"] + np.asarray(given["b_enc"])) * norm
    codes = np.where(before >= np.sort(before)[..., -3:-2], np.maximum(before, 0), 0)
    np.testing.assert_allclose(encode(back, jnp.asarray(VALUE)), codes, atol=1e-3)
    wanted = codes / norm @ np.asarray(given["W_dec"]) + np.asarray(given["b_dec"])
    np.testing.assert_allclose(reconstruct(back, jnp.asarray(VALUE)), wanted, atol=1e-3)


def test_a_folder_of_an_older_version_is_read(tmp_path):
    written(tmp_path, "standard", weights() | {"scaling_factor": np.ones(40)})
    old = {
        "d_in": UNITS,
        "d_sae": 40,
        "dtype": "torch.float32",
        "hook_point": "blocks.0.hook_mlp_out",
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": 5},
        "normalize_activations": False,
    }
    (tmp_path / "cfg.json").write_text(json.dumps(old))
    back = folder.read(tmp_path).dictionary
    assert (back.kind, back.k, back.site, back.centred) == ("topk", 5, "block0/mlp", True)


@pytest.mark.parametrize(
    ("architecture", "settings", "spoil", "word"),
    [
        ("temporal", {}, {}, "architecture 'temporal'"),
        ("standard", {"normalize_activations": "expected_average_only_in"}, {}, "fold it into the weights"),
        ("standard", {"normalize_activations": "covariance_whitening"}, {}, "covariance_whitening"),
        ("standard", {"activation_fn": "tanh-relu"}, {}, "tanh-relu"),
        ("standard", {"metadata": {"hook_head_index": 3}}, {}, "hook_head_index"),
        ("standard", {"finetuning_scaling_factor": True}, {}, "finetuning"),
        ("topk", {}, {}, "k from 1 to 40"),
        ("jumprelu", {}, {}, "lack threshold"),
        ("standard", {}, {"W_extra": np.ones(3)}, "W_extra"),
        ("standard", {}, {"b_enc": np.ones(3)}, "encoder_bias"),
        ("standard", {}, {"b_dec": np.full(UNITS, np.nan)}, "b_dec is not finite"),
    ],
)
def test_what_is_not_known_is_refused_by_name(tmp_path, architecture, settings, spoil, word):
    with pytest.raises(ValueError, match=word):
        folder.read(written(tmp_path, architecture, weights() | spoil, **settings))


def test_a_damaged_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no cfg.json"):
        folder.read(tmp_path)
    written(tmp_path, "standard", weights())
    (tmp_path / "sae_weights.safetensors").write_bytes((tmp_path / "sae_weights.safetensors").read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged"):
        folder.read(tmp_path)
    (tmp_path / "cfg.json").write_text("{")
    with pytest.raises(ValueError, match="cfg.json is damaged"):
        folder.read(tmp_path)


def test_names_of_sites_go_there_and_back():
    for site in ("embed", "embed/word", "final", *(f"block11/{name}" for name in hooks.HOOKS), "visual/gru"):
        assert hooks.site(hooks.hook(site)) == site
    assert hooks.site(hooks.hook("block0/residual", post_norm=True)) == "block0/residual"
    assert hooks.site("blocks.0.ln2.hook_normalized") == ""
