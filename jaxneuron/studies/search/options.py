"""What one may ask of the study `search`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import TEXTS, Command, Option


class Options(NamedTuple):
    """What a run is given."""

    model: Annotated[
        tuple[str, ...],
        Option(
            "A model, as for `jaxneuron extract`: a folder, or a checkpoint's name; may be given several times. By "
            "default an Imaginet and an LSTM are trained.",
            absent="trained here",
        ),
    ] = ()
    site: Annotated[
        tuple[str, ...],
        Option(
            "The site of each model whose units are searched, in the same order.",
            absent="of a transformer the middle block's mlp/hidden, of others the projection on words",
        ),
    ] = ()
    data: Annotated[
        Path | None,
        TEXTS._replace(
            help="A text, whose n-grams are the corpus.",
            absent="sentences of embedded generators; of a language model that is given, what it writes",
        ),
    ] = None
    length: Annotated[int, Option("Words of an n-gram, or pieces of words, as the model reads.")] = 5


def _check(options: Options) -> None:
    if options.site and len(options.site) != len(options.model):
        raise ValueError(
            f"{len(options.site)} of --site for {len(options.model)} of --model; give one for each model, or none"
        )
    if options.length < 2:
        raise ValueError(f"--length must be at least 2, got {options.length}")


COMMAND = Command(
    "search",
    "Ask every search for the inputs that drive units most: how high do they get, and at what cost?",
    Options,
    presets={
        "demo": "some minutes on two cores: 12 units of each model, one seed",
        "small": "longer: 64 units, three budgets, two seeds",
        "full": "much longer: 200 units, three seeds",
    },
    check=_check,
)
