"""What cannot be trained is said in words, by every kind of model, before anything is written."""

import jax
import pytest

from jaxneuron_models import lstm_training, text_cnn_training, transformer_training
from jaxneuron_models.train import apart

TEXT, DEV = [["a", "dog", "runs"], ["a", "cat"]], [["a", "cow"]]
RATES = [({"learning_rate": rate}, "a learning rate above 0") for rate in (0.0, -1.0, float("nan"), float("inf"))]
COMMON = [
    *RATES,
    ({"epochs": 0}, "epochs of at least 1, got 0"),
    ({"batch": 0}, "batch of at least 1"),
    ({"patience": 0}, "patience of at least 1"),
    ({"min_count": 0}, "min count of at least 1"),
    ({"min_count": 3}, "no word or symbol of the text occurs 3 times: 'a' is the most frequent, with 2"),
]


def fit(kind, out, text=TEXT, dev=DEV, **options):
    schedule, given = apart(kind.SCHEDULE, {"epochs": 1} | options)
    given["schedule"] = schedule
    if kind is text_cnn_training:
        texts = (text, ["x", "y"][: len(text)]), (dev, ["x"] * len(dev))
        return kind.fit(jax.random.key(0), *texts, out, **given)
    if kind is lstm_training:
        cutting, given = apart(kind.CUTTING, {"symbol": "word", **given})
        given["cutting"] = cutting
    return kind.fit(jax.random.key(0), text, dev, out, **given)


KINDS = {"lstm": lstm_training, "transformer": transformer_training, "text CNN": text_cnn_training}
OWN = {
    "lstm": [({"window": 0}, "window of at least 1"), ({"width": 0}, "width must be"), ({"context": -1}, "context of")],
    "transformer": [({name: 0}, f"{name} of at least 1, got 0") for name in transformer_training.SIZES],
    "text CNN": [({"longest": 0}, "longest of at least 1"), ({"filters": 0}, "filters must be")],
}
EMPTY = [({"text": [[], []]}, "at least one text to train on"), ({"dev": [[]]}, "at least one text to stop by")]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [(name, *case) for name in KINDS for case in (*COMMON, *EMPTY, *OWN[name])],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_trained_is_said(tmp_path, kind, options, message):
    with pytest.raises(ValueError, match=message):
        fit(KINDS[kind], tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_two_sentences_are_enough_and_unknown_words_are_told(tmp_path):
    said = []
    sizes = {"width": 4, "blocks": 1, "heads": 1, "batch": 10**6}
    trained = fit(transformer_training, tmp_path, text=TEXT[:1], notice=said.append, **sizes)
    assert len(trained.curves) == 1
    assert said == ["unknown words: 0.0% of train, 50.0% of dev (not among the 3 of the vocabulary, and read as <UNK>)"]
