"""Small published recurrent networks, in our layers, compute what torch's do and say what their authors say."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flax import nnx, traverse_util  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

from jaxneuron.intervene import Sampling, generate  # noqa: E402
from jaxneuron.tap import Tap  # noqa: E402
from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import lstm_lm  # noqa: E402
from jaxneuron_models.gru import GRU  # noqa: E402

TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness"
PHONEMES = """<pad> <unk> <s> </s> AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 AY2 B CH D DH EH0
EH1 EH2 ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0
UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH""".split()


@pytest.mark.parametrize("author", ("shakespeare", "charlotte_bronte", "darwin", "dubois"))
def test_a_writer_of_characters_is_torchs_and_knows_english(author, published):
    folder = published("ml5-charRNN") / author
    symbols = json.loads((folder / "vocab.json").read_text())
    stored = load_file(folder / "model.safetensors")
    params = traverse_util.unflatten_dict(stored, sep=".")
    config = lstm_lm.LstmConfig(len(symbols), width=128, layers=2, embedding=128)
    forward, init = lstm_lm.build(config)
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, jax.eval_shape(init, jax.random.key(0)))
    ids = np.array([symbols.index(symbol) for symbol in TEXT if symbol in symbols])

    stack, head = torch.nn.LSTM(128, 128, 2, batch_first=True), torch.nn.Linear(128, len(symbols))
    for number in range(2):
        for name, part in (("weight_ih", "input"), ("weight_hh", "recurrent"), ("bias_ih", "bias")):
            getattr(stack, f"{name}_l{number}").data = torch.tensor(stored[f"lstm{number}.{part}"].T.copy())
        getattr(stack, f"bias_hh_l{number}").data.zero_()
    head.weight.data, head.bias.data = (torch.tensor(stored[name].T.copy()) for name in ("head.kernel", "head.bias"))
    with torch.no_grad():
        expected = head(stack(torch.tensor(stored["word"])[torch.tensor(ids)][None])[0])

    found = jax.jit(forward)(params, Tokens(jnp.asarray(ids[None]), jnp.ones((1, len(ids)), bool)), {})[0].logits
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    nats = -jax.nn.log_softmax(found)[0, np.arange(len(ids) - 1), ids[1:]]
    assert np.mean(nats) < 0.6 * np.log(len(symbols))  # a language it has read; by chance the logarithm itself

    if author == "shakespeare":
        state = lstm_lm.initial_state(config, 1)
        prompt = Tokens(ids[None, :6], np.ones((1, 6), bool))
        text = generate.intervene(jax.random.key(0), lstm_lm.step, params, state, prompt, sampling=Sampling(20, 0))
        written = list(ids[:6])
        with torch.no_grad():
            for _ in range(20):
                last = head(stack(torch.tensor(stored["word"])[torch.tensor(written)][None])[0])[0, -1]
                written.append(int(last.argmax()))
        assert np.asarray(text.tokens.ids)[0].tolist() == written


def torchs_gru(stored, side):
    found = torch.nn.GRU(256, 256, batch_first=True)
    for name, value in {"weight_ih": "w_ih", "weight_hh": "w_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}.items():
        getattr(found, f"{name}_l0").data = torch.tensor(stored[f"{side}_{value}"])
    return found


def ours(stored, side, state, vectors):
    """Return our layer's states: a unit more than torch's stays 1 and carries the bias within the reset product."""
    units = len(state)
    layer = nnx.eval_shape(
        lambda: GRU(256, units + 1, reset="after", gate="sigmoid", initial="learned", rngs=nnx.Rngs(0))
    )
    of_gate = {name: np.split(stored[f"{side}_{name}"], 3) for name in ("w_ih", "w_hh", "b_ih", "b_hh")}
    parts = {"input": [], "recurrent": [], "bias": []}
    for gate in (1, 0, 2):  # torch has reset, update, candidate; we have update, reset, candidate
        recurrent = np.pad(of_gate["w_hh"][gate].T, ((0, 1), (0, 1)))
        bias = np.pad(of_gate["b_ih"][gate], (0, 1), constant_values=100.0)  # the constant's gates are open
        if gate == 2:
            recurrent[units, :units] = of_gate["b_hh"][gate]
        else:
            bias[:units] += of_gate["b_hh"][gate]
        parts["input"].append(np.pad(of_gate["w_ih"][gate].T, ((0, 0), (0, 1))))
        parts["recurrent"].append(recurrent)
        parts["bias"].append(bias)
    params = {name: jnp.concatenate(part, axis=-1) for name, part in parts.items()}
    params["initial"] = jnp.append(jnp.asarray(state, jnp.float32), 1.0)
    graph, _ = nnx.split(layer)
    mask = jnp.ones(vectors.shape[:2], bool)
    return np.array(nnx.merge(graph, params)(Tap({}), "gru", jnp.asarray(vectors), mask))[..., :units]


@pytest.mark.parametrize(("word", "sounds"), [("cat", "K AE1 T"), ("spelling", "S P EH1 L IH0 NG")])
def test_a_speller_is_torchs_and_says_words(word, sounds, published):
    stored = dict(np.load(published("g2p-en") / "checkpoint20.npz"))
    units = stored["enc_w_hh"].shape[1]
    spelling = [" abcdefghijklmnopqrstuvwxyz".index(letter) + 2 for letter in word] + [2]
    vectors = stored["enc_emb"][spelling][None]
    theirs = {side: torchs_gru(stored, side) for side in ("enc", "dec")}
    state = ours(stored, "enc", np.zeros(units), vectors)[0, -1]
    with torch.no_grad():
        expected, _ = theirs["enc"](torch.tensor(vectors))
    np.testing.assert_allclose(state, expected[0, -1], atol=1e-5)
    said = [PHONEMES.index("<s>")]
    while said[-1] != PHONEMES.index("</s>") and len(said) < 20:
        vectors = stored["dec_emb"][said[-1:]][None]
        with torch.no_grad():
            expected, _ = theirs["dec"](torch.tensor(vectors), torch.tensor(state)[None, None])
        state = ours(stored, "dec", state, vectors)[0, -1]
        np.testing.assert_allclose(state, expected[0, -1], atol=1e-5)
        said.append(int(np.argmax(stored["fc_w"] @ state + stored["fc_b"])))
    assert " ".join(PHONEMES[number] for number in said[1:-1]) == sounds
