"""What is added to a model, or taken out of it, as the person names the folders: dictionaries and erasures."""

from pathlib import Path
from typing import Annotated, Any

import typer

Dictionary = Annotated[
    list[str] | None,
    typer.Option(
        "--dictionary",
        "--erased",
        help="A folder of `jaxneuron decompose sparse_autoencoder` or of SAELens: its features become the site "
        "SITE/features, and are asked like units. Or one of `jaxneuron erase`: the model runs without what it takes "
        "out. SITE=FOLDER says where it belongs, if the folder does not.",
        callback=lambda given: checked(given),
    ),
]


def with_dictionaries(opened: Any, dictionary: list[str] | None) -> Any:
    """Return a model with the features of dictionaries among its sites, and without what was erased, in their order.

    Raises:
        KeyError, ValueError, FileNotFoundError: see `load`.
    """
    for said in dictionary or ():
        if _is_erasure(_place(said)[1]):
            opened = _erased(opened, said)
            continue
        from jaxneuron.dictionary import folder
        from jaxneuron_models.dictionaries import with_dictionary

        site, path = _place(said)
        found = folder.read(path, site=site).dictionary
        if not found.site:
            raise ValueError(
                f"--dictionary {said}: the folder does not say of which site it is, or we have no name for that; give "
                "--dictionary SITE=FOLDER; `jaxneuron sites MODEL` lists the sites"
            )
        opened = with_dictionary(opened, found)
    return opened


def _erased(opened: Any, said: str) -> Any:
    from jaxneuron import erase
    from jaxneuron_models.erasures import with_erasure

    site, path = _place(said)
    found = erase.read(path)
    if not (site := site or found.site):
        raise ValueError(f"--erased {said}: the folder does not say of which site it is; give --erased SITE=FOLDER")
    return with_erasure(opened, found.edit, site)


def _is_erasure(path: Path) -> bool:
    return (path / "erasure.json").is_file()


def _place(said: str) -> tuple[str | None, Path]:
    """Return the site, if it is said, and the folder of a dictionary."""
    site, is_said, path = said.partition("=")
    return (site, Path(path)) if is_said and not Path(said).exists() else (None, Path(said))


def checked(given: list[str] | None, whose: str = "") -> list[str] | None:
    """Check that there is a dictionary or an erasure in each folder; `whose` begins the name of the option.

    Raises:
        ValueError: there is none.
    """
    for said in given or ():
        path = _place(said)[1]
        if not (path / "cfg.json").is_file() and not _is_erasure(path):
            raise ValueError(
                f"--{whose}dictionary or --{whose}erased {said}: no cfg.json in {path}, nor an erasure.json; expected "
                "a folder that `jaxneuron decompose sparse_autoencoder`, SAELens or `jaxneuron erase` wrote, or "
                "SITE=FOLDER"
            )
    return given
