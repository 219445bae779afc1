"""Texts for a language model of characters: some to train on, some to stop by."""

from pathlib import Path

from jaxneuron.corpora import grammars, strings

SENTENCES, DEPTH = 10_000, 30
"""The embedded text: how many sentences of the language of parentheses, and the depth of their trees."""


def train_and_dev(path: Path | None) -> tuple[list[str], list[str]]:
    """Return texts to train on, and texts to stop by.

    Args:
        path: a folder with the splits train and dev, one file (its last twentieth is dev, of its texts, or of its
            characters if it is one text), or None for sentences of the language of parentheses.

    Raises:
        FileNotFoundError, ValueError: see `strings.read`; or a text too short to be divided.
    """
    if path is None:
        made = grammars.sample(0, grammars.parens(), SENTENCES, depth=DEPTH)
        texts: list[str] = [parsed.text for parsed in made]
    elif path.is_dir():
        return strings.read(path, "train"), strings.read(path, "dev")
    else:
        texts = strings.read(path)
    whole = texts if len(texts) > 1 else texts[0]
    if len(whole) < 2:
        raise ValueError(f"{path} has one character; training needs at least two, the last to stop by")
    held_out = max(1, len(whole) // 20)
    if isinstance(whole, str):
        return [whole[:-held_out]], [whole[-held_out:]]
    return whole[:-held_out], whole[-held_out:]
