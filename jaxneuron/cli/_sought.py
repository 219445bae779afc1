"""What a search is for: some units, at a word, high or low, and where what was found stands."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli._options import whole

PLACES = ("last", "any", "end")


def _place(value: str) -> str:
    """Check where a unit is read."""
    if value not in PLACES and not (value.isascii() and value.isdigit() and len(value) < 4):
        raise typer.BadParameter(
            f"expected {', '.join(PLACES)} or the number of a word of the n-gram from 0, got {value!r}"
        )
    return value


class Sought(NamedTuple):
    """How units are read, and what they are compared with."""

    template: Annotated[
        str | None,
        typer.Option(help="A text with {} in it, where the n-gram stands: 'the movie was {} .'", show_default=False),
    ] = None
    prompt: Annotated[
        str | None, typer.Option(help="What each n-gram is read behind; short for --template 'PROMPT {}'.")
    ] = None
    position: Annotated[
        str,
        typer.Option(
            help="Where units are read: at the last word of the n-gram, at any of it, at the end of the text, or at a "
            "word of the n-gram by its number from 0.",
            callback=_place,
        ),
    ] = "last"
    minimise: Annotated[bool, typer.Option("--minimise", help="Find where units are lowest.")] = False
    random: Annotated[
        int,
        typer.Option(
            help="Random directions of the site that are searched, too, to compare with; 0 for none.",
            callback=whole(0, 1000),
        ),
    ] = 4

    def check(self, length: int, in_sentence: bool) -> None:
        """Check what can be checked without loading anything.

        Raises:
            ValueError: options that do not go together.
        """
        if self.template is not None and self.prompt is not None:
            raise ValueError("--template and --prompt are both given; put the prompt into the template")
        if self.position.isdigit() and int(self.position) >= length:
            raise ValueError(f"--position {self.position}: an n-gram has the words 0 to {length - 1}")
        if in_sentence and (self.around is not None or self.position != "last"):
            raise ValueError("--in-sentence reads n-grams in their own texts, at the last word; leave out --template, "
                             "--prompt and --position")  # fmt: skip

    @property
    def around(self) -> str | None:
        """The template, however it was given."""
        return f"{self.prompt} {{}}" if self.prompt is not None else self.template

    def positions(self, site: str, length: int, after: int) -> list[int]:
        """Return where units of a site are read, counted from the text's end, behind `after` symbols of a template.

        Example:
            >>> Sought(position="0").positions("embed", 3, 2), Sought(position="any").positions("embed", 2, 0)
            ([-5], [-2, -1])
        """
        behind = 0 if site == "embed/word" else after  # of which the n-gram's own words alone are seen
        places = {"last": [-1], "any": list(range(-length, 0)), "end": [behind - 1]}
        own = places[self.position] if self.position in PLACES else [int(self.position) - length]
        return [place - behind for place in own]

    def target(self, target: Any, positions: list[int], whole: Callable[[Any], Any]) -> Any:
        """Return targets, stacked, as they are read: at the highest of some positions, or the lowest.

        Args:
            target: read anywhere.
            positions: where to read it, in the whole text.
            whole: makes one that is read there of one that is given the n-gram alone.
        """
        import jax.numpy as jnp

        from jaxneuron.targets import Highest, Times, count

        sign = -jnp.ones(count(target)) if self.minimise else None
        read = [whole(dataclasses.replace(target, position=place)) for place in positions]
        read = [one if sign is None else Times(one, sign) for one in read]
        return read[0] if len(read) == 1 else Highest(tuple(read))

    def directions(self, key: Any, site: str, width: int) -> Any:
        """Return random directions of a site."""
        import jax.numpy as jnp

        from jaxneuron import directions
        from jaxneuron.targets import Along

        drawn = directions.orthonormal(key, min(self.random, width), width)
        return Along(site, jnp.asarray(drawn, jnp.float32), jnp.zeros(len(drawn)))
