"""Which n-grams a search may try: those of a text, as the model reads it, and how they are written."""

from typing import Any

from jaxneuron.cli import _inputs


def of_text(model: Any, sentences: list[list[str]], length: int, before: int, after: int) -> Any:
    """Return the text's symbols without what stands around them, and the symbols an n-gram may be made of."""
    from jaxneuron.extract import framing

    return framing.symbols(model, _inputs.beginnings(model, sentences), length, before, after)


def written(model: Any, ids: list[int]) -> str:
    """Return symbols as a person reads them."""
    if model.tokenizer is not None:
        return model.tokenizer.decode(ids, skip_special_tokens=False)
    return ("" if model.symbol == "character" else " ").join(model.vocabulary.words[number] for number in ids)
