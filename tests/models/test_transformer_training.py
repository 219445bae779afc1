"""A transformer learns a language that it can know, and goes on where it was stopped."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.corpora import vocabulary as words
from jaxneuron_models import transformer_training
from jaxneuron_models.train import Schedule

COUNTING = [[f"n{(start + step) % 7}" for step in range(5)] for start in range(7)] * 6
TINY = {"width": 16, "blocks": 1, "heads": 2, "longest": 8}


@pytest.mark.parametrize("causal", [True, False])
def test_it_learns_to_count(causal, tmp_path):
    text, options = COUNTING * (1 if causal else 16), {"schedule": Schedule(12, 8, 1e-2, patience=12)}
    trained = transformer_training.fit(
        jax.random.key(0), text, COUNTING, tmp_path, causal=causal, **options, **TINY | {"width": 32}
    )
    first, last = trained.curves[0]["dev_loss"], min(row["dev_loss"] for row in trained.curves)
    assert last < 0.5 * first
    model = transformer_training.load(tmp_path)
    tokens = words.encode(model.vocabulary, [["n3", "n4", "n5" if causal else "<UNK>", "n6", "n0"]])
    logits = model.forward(model.params, jax.tree.map(jnp.asarray, tokens), {})[0].logits[0]
    guess = model.vocabulary.words[int(jnp.argmax(logits[2]))]
    assert guess == ("n6" if causal else "n5")


def test_only_hidden_words_count_and_padding_is_never_hidden():
    model_words = words.build(COUNTING)
    config = transformer_training.transformer.TransformerConfig(len(model_words.words), causal=False, **TINY)
    forward, init = transformer_training.transformer.build(config)
    tokens = words.encode(model_words, [sentence[: n % 5 + 1] for n, sentence in enumerate(COUNTING * 20)])
    tokens = jax.tree.map(jnp.asarray, tokens)
    nats, hidden = transformer_training.hidden_words(forward, init(jax.random.key(0)), tokens, jax.random.key(1))
    assert nats.shape == tokens.ids.shape
    assert not np.any(np.asarray(hidden) & ~np.asarray(tokens.mask))
    assert 0.12 < float(hidden.sum() / tokens.mask.sum()) < 0.18


def test_a_run_with_other_settings_is_not_continued(tmp_path):
    options = {"schedule": Schedule(1, 8)} | TINY
    transformer_training.fit(jax.random.key(0), COUNTING, COUNTING, tmp_path, **options)
    with pytest.raises(ValueError, match="width 16 -> 32"):
        transformer_training.fit(jax.random.key(0), COUNTING, COUNTING, tmp_path, **options | {"width": 32})
