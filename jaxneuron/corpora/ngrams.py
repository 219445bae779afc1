"""Every distinct n-gram of a text, once."""

import numpy as np

from jaxneuron.types import Tokens


def unique(tokens: Tokens, length: int, *, in_sentence: bool = False) -> Tokens:
    """Collect the distinct n-grams of the sentences; a shorter sentence counts as one n-gram, padded.

    Args:
        tokens: host arrays `[sentence, time]`, padded on the right.
        length: words in an n-gram.
        in_sentence: return each n-gram with all that precedes it where it first occurs, so that a model reads it
            in context; the n-gram is the last `length` words. Otherwise the n-gram alone, as Poerner et al. 2018.

    Returns:
        Host arrays `[ngram, time]`, in order of first occurrence.
    """
    ids, mask = np.asarray(tokens.ids), np.asarray(tokens.mask)
    if ids.shape[1] < length:
        pad = [(0, 0), (0, length - ids.shape[1])]
        ids, mask = np.pad(ids, pad), np.pad(mask, pad)
    lengths = mask.sum(axis=1)
    starts = np.arange(ids.shape[1] - length + 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.where(mask, ids, -1), length, axis=1)
    short = (0 < lengths) & (lengths < length)
    whole = (starts + length <= lengths[:, None]) | ((starts == 0) & short[:, None])
    sentence, start = np.nonzero(whole)
    rows = np.ascontiguousarray(windows[sentence, start])
    _, first = np.unique(rows.view([("", rows.dtype)] * length).ravel(), return_index=True)
    first.sort()
    if not in_sentence:
        found = rows[first]
        return Tokens(np.maximum(found, 0), found >= 0)
    prefix = np.arange(ids.shape[1]) < (start[first] + length)[:, None]
    return Tokens(np.where(prefix, ids[sentence[first]], 0), prefix & mask[sentence[first]])
