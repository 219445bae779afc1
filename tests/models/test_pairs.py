"""Two texts in a row are told apart by their types, in every map and target."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from jaxneuron import split
from jaxneuron.edits import Scale
from jaxneuron.tap import sites
from jaxneuron.targets import Logit, Unit
from jaxneuron_models import pairs, transformer

WORDS = ["[PAD]", "[CLS]", "[SEP]", "a", "man", "sleeps"]
BERT = {"causal": False, "norm_first": False, "embedding_norm": True, "types": 2}


def tokenizer():
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[PAD]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return made


@pytest.fixture(scope="module")
def model():
    config = transformer.TransformerConfig(
        len(WORDS), width=8, blocks=1, heads=2, longest=9, head="first", labels=3, **BERT
    )
    forward, init = transformer.build(config)
    return forward, init(jax.random.key(0))


def test_pairs_are_encoded_as_the_tokenizer_says():
    found = pairs.encode(tokenizer(), ["a man", "man"], ["sleeps", "a man sleeps"])
    np.testing.assert_array_equal(found.ids, [[1, 3, 4, 2, 5, 2, 0], [1, 4, 2, 3, 4, 5, 2]])
    np.testing.assert_array_equal(found.types, [[0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1]])
    np.testing.assert_array_equal(found.mask, [[True] * 6 + [False], [True] * 7])
    for firsts, seconds in (([], []), (["a"], ["a", "man"])):
        with pytest.raises(ValueError, match="expected as many second as first texts"):
            pairs.encode(tokenizer(), firsts, seconds)


def test_maps_edits_and_targets_take_pairs(model):
    forward, params = model
    text = pairs.encode(tokenizer(), ["a man", "man"], ["sleeps", "a man sleeps"])
    output, activations = forward(params, text, {})
    np.testing.assert_array_equal(Logit(1)(output, activations, text), output.logits[:, 0, 1])
    assert sites(forward, params, text).keys() == activations.keys()
    same = text._replace(types=text.types * 0)
    assert not np.allclose(forward(params, same, {})[0].logits, output.logits, atol=1e-4)
    edited = forward(params, text, {"block0/mlp": Scale(0.0)})[0]
    f = split.above(forward, params, text, "block0/mlp", Logit(1))
    np.testing.assert_allclose(f(activations["block0/mlp"]), output.logits[:, 0, 1], atol=1e-6)
    np.testing.assert_allclose(f(0 * activations["block0/mlp"]), edited.logits[:, 0, 1], atol=1e-6)
    below = split.below(forward, params, "embed")(text)
    np.testing.assert_array_equal(below, activations["embed"])


def test_a_model_without_a_head_has_no_score(model):
    config = transformer.TransformerConfig(len(WORDS), width=8, blocks=1, heads=2, longest=9, head="none", **BERT)
    forward, init = transformer.build(config)
    params, text = init(jax.random.key(0)), pairs.encode(tokenizer(), ["a man"], ["sleeps"])
    with pytest.raises(ValueError, match="this model has no head"):
        Logit(1)(*forward(params, text, {}), text)
    with pytest.raises(ValueError, match="this model has no head"):
        split.above(forward, params, text, "embed", Logit(1))
    assert Unit("embed", 1)(*forward(params, text, {}), text).shape == (1,)


def test_a_class_that_is_not_there_is_named(model):
    text = jax.tree.map(jnp.asarray, pairs.encode(tokenizer(), ["a man"], ["sleeps"]))
    forward, params = model
    with pytest.raises(ValueError, match="3"):
        split.above(forward, params, text, "embed", Logit(3))
