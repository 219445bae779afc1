"""The two ways of a pass, one step or two beside each other, say the same of a model of bfloat16."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.atlas import exemplars, histogram, moments, samples
from jaxneuron.extract import to_statistics
from jaxneuron.extract.placing import ReadText, blocks, draw
from jaxneuron.types import Vocabulary
from tests import tiny

WORDS = ("<unk>", "the", "cat", "dog", "a", "in", "red", "house")
TEXT = [line.split() for line in ["the cat in a", "red dog a dog", "the house in red", "in a red house"] * 4]


def model():
    params = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), tiny.planted(jax.random.key(0)))
    return SimpleNamespace(
        **{"forward": tiny.bag_of_words, "params": params, "vocabulary": Vocabulary(WORDS, np.zeros(8, int))},
        **{"tokenizer": None, "symbol": "word", "window": None, "packed": False, "linear": {}},
    )


def told():
    """Return what a pass in small batches says."""
    statistics = {
        "moments": moments.statistic(),
        "histogram": histogram.statistic(lowest=-32, highest=16, digits=7),
        "exemplars": exemplars.statistic(count=3),
        "samples": samples.statistic(count=20),
    }
    read = model()
    wanted = to_statistics.asked(read, statistics, ["embed", "bag"], tokens=16)
    text = ReadText(TEXT, drawn=draw(TEXT, 20))
    *_, state = to_statistics.read(read, text, wanted, blocks(TEXT, words=32), to_statistics.init(wanted))
    state = jax.tree.map(np.asarray, state)
    return {name: one.finish(state[name]) for name, one in statistics.items()}


def test_one_step_on_a_device_says_what_two_beside_each_other_say(monkeypatch):
    beside = told()
    monkeypatch.setattr(to_statistics.jax, "default_backend", lambda: "gpu")
    fused = told()
    for name in ("histogram", "exemplars", "samples"):
        jax.tree.map(np.testing.assert_array_equal, fused[name], beside[name])
    for site, one in beside["moments"].items():
        assert one.tokens == (sum(map(len, TEXT)) if site == "embed" else len(TEXT))
        for left, right in zip(fused["moments"][site], one, strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
