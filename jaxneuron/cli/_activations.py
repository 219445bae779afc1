"""Activations of each word of a text, at some sites: from a store, or through the model to one that is thrown away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jaxneuron.cli import _inputs
from jaxneuron.cli._shared import notice


@contextmanager
def of_words(
    model: Any, sentences: list[list[str]], sites: Sequence[str] | None, progress: Any, *, pool: str | None = None
) -> Iterator[Any]:
    """Yield a store with a vector for each word, or, with `pool`, for each text.

    A site with one vector for a text has the same for all its words.
    """
    from jaxneuron.extract.to_store import Settings, extract

    with TemporaryDirectory(prefix="jaxneuron-") as folder:
        yield extract(
            model,
            sentences,
            Path(folder) / "store",
            sites=sites,
            settings=Settings(pool=pool),
            progress=progress,
            notice=lambda said: (
                notice(said) if "will be written" not in said and "unknown to the model" not in said else None
            ),
        )


def one_for_text(model: Any, site: str) -> bool:
    """Tell whether a site has one vector for a text."""
    return _inputs.shape(model, site).shape[-2] == 1


def chosen(store: Any, sites: Sequence[str] | None) -> list[str]:
    """Return the sites to read of a store.

    Raises:
        KeyError: it has no such site.
    """
    from jaxneuron.tap import check_site

    for site in sites or ():
        check_site(site, store.sites)
    return list(sites or store.sites)
