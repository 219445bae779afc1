"""What is explained: a text as the model reads it, the site where features are, and the score that is shared out."""

from typing import Any, NamedTuple

import numpy as np

from jaxneuron.cli import _inputs
from jaxneuron.tap import check_site, nearest


class Explained(NamedTuple):
    """One text, ready for a method."""

    x: Any  # [1, time, unit]
    f: Any  # from the like of x to scores
    target: Any
    name: str  # of the target
    score: float
    pieces: list[str]
    word: Any  # [time], the word of each piece, -1 for none
    tokens: Any
    site: str

    def baseline(self, kind: str) -> Any:
        """Return what x is compared with."""
        import jax.numpy as jnp

        return (
            jnp.zeros_like(self.x) if kind == "zero" else jnp.broadcast_to(self.x.mean(1, keepdims=True), self.x.shape)
        )

    def groups(self) -> Any:
        """Return the player of each feature: its token's place."""
        return np.broadcast_to(np.arange(self.x.shape[1])[:, None], self.x.shape[1:])


def explain(model: Any, sentence: list[str], site: str | None, target: str | None, position: int) -> Explained:
    """Return a text with its features and its score.

    Raises:
        KeyError, ValueError: no such site, target or word, or a model without a head and no target.
    """
    import jax
    import jax.numpy as jnp

    from jaxneuron.extract import reading
    from jaxneuron.split import above, below
    from jaxneuron.types import Tokens

    read = reading.read(model, [sentence])
    tokens = Tokens(jnp.asarray(read.tokens.ids), jnp.asarray(read.tokens.mask))
    shapes = _inputs.sites(model)
    chosen = site or next(name for name in ("embed/word", "embed", *shapes) if name in shapes)
    check_site(chosen, shapes)
    place = _place(read.word[0], position, len(sentence))
    wanted, name = _target(model, tokens, shapes, target, place)
    x = jax.jit(below(model.forward, model.params, chosen))(tokens)
    f = above(model.forward, model.params, tokens, chosen, wanted)
    pieces = read.pieces[0] if x.shape[1] > 1 or len(read.pieces[0]) == 1 else ["(the text)"]
    word = read.word[0] if x.shape[1] > 1 or len(read.pieces[0]) == 1 else np.array([-1])
    return Explained(x, f, wanted, name, float(f(x)[0]), pieces, word, tokens, chosen)


def _place(word: Any, position: int, words: int) -> int:
    """Return the last token of a word."""
    if not -words <= position < words:
        raise ValueError(
            f"--position {position}: the text has {words} words; give 0 to {words - 1}, or -1 for the last"
        )
    found = np.flatnonzero(word == position % words)
    if not len(found):
        raise ValueError(f"--position {position}: the model reads nothing of this word")
    return int(found[-1])


def _target(model: Any, tokens: Any, shapes: Any, target: str | None, place: int) -> tuple[Any, str]:
    from jaxneuron.targets import Logit, Unit

    site, _, unit = (target or "").rpartition(":")
    if unit.isdigit() and site in shapes:
        width, length = shapes[site].shape[-1], shapes[site].shape[-2]
        if int(unit) >= width:
            raise ValueError(f"--target {target}: {site!r} has the units 0 to {width - 1}")
        return Unit(site, int(unit), -1 if length == 1 else place), f"unit {unit} of {site}"
    if model.head == "none":
        raise ValueError(
            f"{f'--target {target}: ' if target else ''}the model has no head, so nothing has a score; give a unit as "
            "--target site:unit, such as block3/residual:100, or a model with a head"
        )
    import jax

    from jaxneuron.targets import scores

    found = np.asarray(scores(jax.jit(model.forward)(model.params, tokens, {})[0]))
    if found.shape[-2] == 1:
        place = -1
    names = model.labels or model.vocabulary.words
    index = int(found[0, place].argmax()) if target is None else _index(model, names, target)
    return Logit(index, place), repr(names[index].lstrip("▁Ġ") or names[index]) if index < len(
        names
    ) else f"output {index}"


def _index(model: Any, names: Any, target: str) -> int:
    if target in names:
        return list(names).index(target)
    if model.tokenizer is not None and not model.labels:
        ids = model.tokenizer.encode(f" {target}", add_special_tokens=False).ids
        ids = ids if len(ids) == 1 else model.tokenizer.encode(target, add_special_tokens=False).ids
        if len(ids) == 1:
            return int(ids[0])
    if target.isdigit() and int(target) < len(names):
        return int(target)
    some = f"; the labels are {', '.join(names)}" if model.labels else ""
    raise ValueError(f"--target {target}: the model's head has no such output{nearest(target, names)}{some}")
