"""A folder of SAELens's own is read as SAELens computes, and SAELens reads ours, whatever the architecture."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file

from jaxneuron.dictionary import encode, folder, reconstruct

torch = pytest.importorskip("torch")
sae_lens = pytest.importorskip("sae_lens", reason="SAELens is not installed: its folders are compared where it is")

UNITS = 5
VALUE = np.random.default_rng(1).normal(size=(2, 7, UNITS)).astype(np.float32)

KINDS = {
    "standard": {},
    "topk": {"k": 3},
    "jumprelu": {},
    "gated": {},
    "transcoder": {"d_out": 6, "apply_b_dec_to_input": False},
    "skip_transcoder": {"d_out": 6, "apply_b_dec_to_input": False},
    "jumprelu_transcoder": {"d_out": 6, "apply_b_dec_to_input": False},
    "jumprelu_skip_transcoder": {"d_out": 6, "apply_b_dec_to_input": False},
}


@pytest.mark.parametrize("scaled", ["none", "layer_norm", "constant_norm_rescale"])
@pytest.mark.parametrize("architecture", KINDS)
def test_codes_and_output_are_those_of_saelens(tmp_path, architecture, scaled):
    if "transcoder" in architecture and scaled != "none":
        pytest.skip("a transcoder's input is read as it is")
    torch.manual_seed(0)
    settings = {"d_in": UNITS, "d_sae": 40, "normalize_activations": scaled, "architecture": architecture}
    peer = sae_lens.SAE.from_dict(settings | KINDS[architecture])
    with torch.no_grad():
        for part in peer.parameters():
            part.copy_(torch.randn(part.shape) / 2)
    peer.save_model(tmp_path / "theirs")
    ours = folder.read(tmp_path / "theirs", site="block0/residual").dictionary
    x = torch.tensor(VALUE)
    with torch.no_grad():
        codes, made = peer.encode(x).numpy(), peer(x).numpy()
    np.testing.assert_allclose(encode(ours, jnp.asarray(VALUE)), codes, atol=1e-4)
    np.testing.assert_allclose(reconstruct(ours, jnp.asarray(VALUE)), made, atol=1e-4)

    folder.write(tmp_path / "ours", ours)
    back = sae_lens.SAE.load_from_disk(tmp_path / "ours")
    with torch.no_grad():
        np.testing.assert_allclose(back.encode(x).numpy(), codes, atol=1e-4)
        np.testing.assert_allclose(back(x).numpy(), made, atol=1e-4)
    theirs, mine = (json.loads((tmp_path / one / "cfg.json").read_text()) for one in ("theirs", "ours"))
    if architecture != "gated":
        assert {name: theirs[name] for name in theirs if name != "metadata"}.items() <= mine.items()
        for name, part in load_file(tmp_path / "theirs" / "sae_weights.safetensors").items():
            np.testing.assert_array_equal(load_file(tmp_path / "ours" / "sae_weights.safetensors")[name], part)
