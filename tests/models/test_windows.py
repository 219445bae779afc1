"""Every symbol is predicted exactly once, whatever the windows are."""

import numpy as np
import pytest

from jaxneuron.corpora import vocabulary
from jaxneuron.corpora.vocabulary import END
from jaxneuron_models import windows

TEXTS = ["abcabcabcabcabcab", "b", "ca", "abcabcabca"]


def running(texts=TEXTS):
    return windows.encode(vocabulary.build(texts), texts)


def taken(texts, *, window, context, offset=0, batch=3, seed=None):
    given = running(texts)
    cuts = windows.cut(given, window=window, context=context, offset=offset)
    padded = windows.widths(given, window=window, context=context)
    return given, [
        windows.take(given, *handle) for handle in windows.batched(cuts, batch=batch, padded=padded, seed=seed)
    ]


@pytest.mark.parametrize("context", [0, 2, 9])
@pytest.mark.parametrize(("window", "offset"), [(4, 0), (4, 3), (1, 0), (10, 7), (50, 0)])
def test_each_symbol_is_counted_once_with_what_follows_it(window, offset, context):
    given, batches = taken(TEXTS, window=window, context=context, offset=offset, seed=(1, 2))
    pairs = sorted(
        pair
        for batch in batches
        for pair in zip(batch.tokens.ids[batch.counted], batch.following[batch.counted], strict=True)
    )
    expected = [
        pair
        for start, length in zip(given.starts, given.lengths, strict=True)
        for pair in zip(given.ids[start : start + length], given.ids[start + 1 : start + length + 1], strict=True)
    ]
    assert pairs == sorted(expected)
    assert sum(int((batch.following[batch.counted] == END).sum()) for batch in batches) == len(TEXTS)


def test_context_is_what_stands_before_and_never_another_text():
    given, batches = taken(["abcdefgh", "xy"], window=3, context=2)
    names = np.array(vocabulary.build(["abcdefgh", "xy"]).words)
    read = {
        "".join(names[ids[mask]]): "".join(names[ids[counted]])
        for batch in batches
        for ids, mask, counted in zip(batch.tokens.ids, batch.tokens.mask, batch.counted, strict=True)
    }
    assert {name: counted for name, counted in read.items() if name} == {
        "abc": "abc",
        "bcdef": "def",
        "efgh": "gh",
        "xy": "xy",
    }


def test_running_text_has_one_shape_and_sentences_a_few():
    assert windows.widths(running(["ab" * 500]), window=20, context=5) == [25]
    widths = windows.widths(running(["ab"] * 9 + ["abab" * 10]), window=50, context=5)
    assert widths == [2, 40]
    for offset in range(7):  # whatever the cut, there is room for its windows
        given = running(["ab", "ba" * 20])
        cuts = windows.cut(given, window=7, context=3, offset=offset)
        assert (cuts.end - cuts.begin).max() <= windows.widths(given, window=7, context=3)[-1]


def test_unknown_symbols_are_unknown_and_nothing_is_an_error():
    known = vocabulary.build(["ab"])
    assert windows.encode(known, ["axb"]).ids.tolist() == [3, vocabulary.UNK, 4, END]
    assert windows.encode(known, [["a", "b"], [], ["b"]]).lengths.tolist() == [2, 1]
    with pytest.raises(ValueError, match="at least one text"):
        windows.encode(known, [""])
    with pytest.raises(ValueError, match="got one string.*put it into a list"):
        windows.encode(known, "abab")
