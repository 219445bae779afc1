"""What is explained: a text as the model reads it, the site where features are, and the score that is shared out.

A method compiles once for each length of a row. So texts are padded to few lengths, where the model does not see it. A
method that plays with tokens has players then that stand behind the text: they are masked, and change nothing.
"""

from typing import Any, NamedTuple

import numpy as np

from jaxneuron.cli import _inputs, _pieces
from jaxneuron.cli._shared import notice
from jaxneuron.tap import check_site, nearest

PADDED = tuple(16 * 2**power for power in range(24))
"""Tokens of the rows of padded texts."""

PLAYED = range(4, 17, 2)
"""The same for games, in which all sets of tokens may be tried: a token more, twice as many. Longer texts stay."""


class Explained(NamedTuple):
    """One text, ready for a method."""

    x: Any  # [1, time, unit]; behind the text's own tokens the first one's values again
    f: Any  # from the like of x to scores
    target: Any
    name: str  # of the target
    score: float
    pieces: list[str]
    word: list[int]  # of each piece, -1 for a special token
    tokens: Any
    site: str

    def baseline(self, kind: str) -> Any:
        """Return what x is compared with."""
        import jax.numpy as jnp

        own = self.x[:, : len(self.pieces)]
        return jnp.zeros_like(self.x) if kind == "zero" else jnp.broadcast_to(own.mean(1, keepdims=True), self.x.shape)

    def mask(self) -> Any:
        """Return which features count, if there are some for each token."""
        return self.tokens.mask if self.x.shape[1] == self.tokens.mask.shape[1] else None

    def own(self, value: Any) -> np.ndarray:
        """Return what a method says of the text's own tokens, `[time, unit]`."""
        value = np.asarray(value, np.float32)[0]
        return value.reshape(len(value), -1)[: len(self.pieces)]

    def groups(self) -> Any:
        """Return the player of each feature: its token's place."""
        return np.broadcast_to(np.arange(self.x.shape[1])[:, None], self.x.shape[1:])


def begin(given: Any) -> tuple[_inputs.Read, Any]:
    """Return the text and the model that a command was given; words that the model does not know are said."""
    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    _inputs.unknown(opened, read.sentences)
    return read, opened


def explain(
    model: Any,
    sentence: list[str],
    site: str | None,
    target: str | None,
    position: int,
    *,
    padded: bool = False,
    played: bool = False,
) -> Explained:
    """Return a text with its features and its score.

    Args:
        model: what reads it.
        sentence: its words.
        site: where the features are; by default the words' vectors.
        target: what the head scores, or site:unit; by default what the head scores highest.
        position: the word at which the target is read.
        padded: make the row longer, so that few lengths are compiled; see `blind`.
        played: for a game, by little, as each player may double its cost.

    Raises:
        KeyError, ValueError: no such site, target or word, or a model without a head and no target.
    """
    import jax

    from jaxneuron.split import above

    read, tokens = _read(model, sentence, padded, played)
    pieces, word = read.pieces[0], read.word[0].tolist()
    if not read.whole[0]:
        notice(f"the text has {len(sentence):,} words, of which the model reads the first {max(word) + 1:,}")
    at = place(read.word[0], position, len(sentence))
    output, activations = jax.jit(model.forward)(model.params, tokens, {})
    chosen = site or next(name for name in ("embed/word", "embed", *activations) if name in activations)
    check_site(chosen, activations)
    asked, name = wanted(model, output, activations, target, at)
    x = activations[chosen]
    if x.shape[1] == 1 < tokens.ids.shape[1]:
        pieces, word = ["(the text)"], [-1]
    elif x.shape[1] > len(pieces):
        x = x.at[:, len(pieces) :].set(x[:, :1])
    f = above(model.forward, model.params, tokens, chosen, asked)
    return Explained(
        x, f, asked, name, float(asked(output, activations, tokens)[0]), pieces, word[: len(pieces)], tokens, chosen
    )


def shortened(model: Any, sentence: list[str], site: str, number: int, *, padded: bool = False) -> Explained:
    """Return a text whose features are its words, and of which the vector of a site is asked when words are gone.

    Args:
        model: what reads it.
        sentence: its words.
        site: whose vector, at the end of what is left.
        number: of the text, for messages.
        padded: see `explain`.

    Raises:
        KeyError, ValueError: no such site, or a text of one word.
    """
    import jax
    import jax.numpy as jnp

    from jaxneuron.attribute import omission

    if len(sentence) < 2:
        raise ValueError(f"text {number} has one word, and nothing is left without it; give texts of two words or more")
    read, tokens = _read(model, sentence, padded)
    kept = omission.without(model.forward, model.params, tokens, site)
    width = max(tokens.ids.shape[1], len(sentence))
    x = jnp.asarray(np.arange(width) < len(sentence), jnp.float32)[None]
    f = jax.tree_util.Partial(_by_word, kept, jnp.asarray(read.word))
    return Explained(x, f, None, f"the vector of {site}", 1.0, sentence, list(range(len(sentence))), tokens, site)


def _by_word(kept: Any, word: Any, there: Any) -> Any:
    """Return the vector where some words are there; what is of no word always is."""
    import jax.numpy as jnp

    return kept(jnp.where(word >= 0, there[:, word[0]], 1))


def blind(model: Any, sentence: list[str]) -> bool:
    """Tell whether a model reads a text just so, however long its row is: it keeps to the mask."""
    import jax

    found = []
    for padded in (False, True):
        read, tokens = _read(model, sentence, padded)
        activations = jax.jit(model.forward)(model.params, tokens, {})[1]
        count = len(read.pieces[0])
        found.append([np.asarray(value)[:, :count] for _, value in sorted(activations.items())])
    return all(
        one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=1e-4 * max(np.abs(one).max(), 1))
        for one, other in zip(*found, strict=True)
    )


def _read(model: Any, sentence: list[str], padded: bool, played: bool = False) -> tuple[Any, Any]:
    """Return a text as the model reads it, and its tokens on the device."""
    import jax.numpy as jnp

    from jaxneuron.extract import reading
    from jaxneuron.types import Tokens

    read = reading.read(model, [sentence])
    if padded:
        length = read.tokens.ids.shape[1]
        width = next((width for width in (PLAYED if played else PADDED) if width >= length), length)
        read = reading.read(model, [sentence], width=min(width, model.window or width))
    return read, Tokens(jnp.asarray(read.tokens.ids), jnp.asarray(read.tokens.mask))


def place(word: Any, position: int, words: int) -> int:
    """Return the last token of a word; counted from the end, of those words that the model reads.

    Raises:
        ValueError: there is no such word, or the text is longer than the model and it is not read.
    """
    there = int(np.max(word, initial=-1)) + 1
    if not -there <= position < there:
        said = f"the text has {words} words" + f", of which the model reads the first {there}" * (there < words)
        raise ValueError(f"--position {position}: {said}; give 0 to {there - 1}, or -1 for the last")
    return int(np.flatnonzero(word == position % there)[-1])


def wanted(model: Any, output: Any, shapes: Any, target: str | None, place: int) -> tuple[Any, str]:
    """Return the target that is asked for, and its name.

    Raises:
        ValueError: no such output or unit, or no head.
    """
    from jaxneuron.targets import Logit, Unit, scores

    site, _, unit = (target or "").rpartition(":")
    if unit.isdigit() and site in shapes:
        width, length = shapes[site].shape[-1], shapes[site].shape[-2]
        if int(unit) >= width:
            raise ValueError(f"--target {target}: {site!r} has the units 0 to {width - 1}")
        return Unit(site, int(unit), -1 if length == 1 else place), f"unit {unit} of {site}"
    if unit.isdigit() and "/" in site:
        raise KeyError(
            f"--target {target}: no site {site!r} in this model{nearest(site, shapes)}; give one of {', '.join(shapes)}"
        )
    try:
        found = np.asarray(scores(output))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{f'--target {target}: ' if target else ''}the model has no head, so nothing has a score; give a unit as "
            "--target site:unit, such as block3/residual:100, or a model with a head"
        ) from error
    if found.shape[-2] == 1:
        place = -1
    names = _names(model, found.shape[-1])
    index = int(found[0, place].argmax()) if target is None else _index(model, names, target)
    shown = _pieces.output(names, index)
    return Logit(index, place), shown if shown.startswith("output ") else repr(shown)


def output(model: Any, target: str) -> int:
    """Return the number of an output of the head, by its name.

    Raises:
        ValueError: the head has no such output.
    """
    known = (
        _inputs.shape(model, model.scores).shape[-1] if model.scores else len(model.labels or model.vocabulary.words)
    )
    return _index(model, _names(model, known), target)


def _names(model: Any, outputs: int) -> list[str]:
    """Return what each output of the head stands for: a label, a word, or its number."""
    names = list(model.labels or model.vocabulary.words)
    return names if len(names) == outputs else [f"output {number}" for number in range(outputs)]


def _index(model: Any, names: list[str], target: str) -> int:
    if target in names:
        return names.index(target)
    if model.tokenizer is not None and not model.labels:
        ids = model.tokenizer.encode(f" {target}", add_special_tokens=False).ids
        ids = ids if len(ids) == 1 else model.tokenizer.encode(target, add_special_tokens=False).ids
        if len(ids) == 1:
            return int(ids[0])
    if target.isdigit() and int(target) < len(names):
        return int(target)
    some = f"a label, {' or '.join(names)}" if model.labels else "a word of its vocabulary that is one token"
    raise ValueError(
        f"--target {target}: the model's head has no such output{nearest(target, names)}; give {some}, a number from 0 "
        f"to {len(names) - 1}, or a unit as site:unit"
    )
