"""What a study is: a value. What one may ask of it is known before JAX is imported, its work is imported afterwards.

`studies/NAME/options.py` holds a `Command` and imports nothing heavy, `studies/NAME/study.py` the `Study`. The command
line, the runs and the report find both by looking (`find`), so that a new study is one folder and nothing else.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints


class Claim(NamedTuple):
    """A published or promised finding, re-measured."""

    claim: str
    source: str
    holds: bool | None  # as it came out; None: not measured
    figure: Any  # the number that decided it, if there is one
    note: str = ""


class Existing(NamedTuple):
    """A path that has to be there."""

    what: str  # is expected, for the message
    folder: bool = False  # a file will not do
    variable: str = ""  # of the environment, which stands in for an option that is not given


class Trained(NamedTuple):
    """A model that has to be there."""

    architecture: str  # of those that `jaxneuron train` writes
    hub: bool = False  # a checkpoint of Hugging Face will do, too, by folder or by name


class Option(NamedTuple):
    """What the command line and `settings.json` have to know of one field of a study's options."""

    help: str
    absent: str = "none"  # what `settings.json` says where nothing is given
    choices: tuple[str, ...] = ()  # the words that are allowed; none: any
    accepts: Existing | Trained | None = None  # checked before the work
    said: Callable[[Any], Any] | None = None  # what `settings.json` says of a value that is no JSON
    command: bool = True  # False: for programs only


LABELLED_TEXT = Existing("a labelled text: .conllu, .conll, .iob2, .jsonl, .tsv or .txt, or a folder of such files")
TEXT_COLUMN = Option(
    "Of .jsonl, .tsv and columns: the name of the text's column, or its number from 0.", absent="by its name"
)
LABEL_COLUMN = Option("The same for the label.", absent="by its name")
ENCODER = Option("", absent="trained here", accepts=Trained("transformer", hub=True))
LANGUAGE_MODEL = ENCODER._replace(
    help="A Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; by default trained."
)
TEXTS = Option("", absent="embedded scenes", accepts=LABELLED_TEXT)
"""Of the studies of labelled texts; each says in its own words what they are to it."""


class Command(NamedTuple):
    """What one may ask of a study, and how long the answer takes."""

    name: str
    question: str  # a sentence, the command's help
    options: type  # a NamedTuple, each field with a default and annotated with an `Option`
    presets: Mapping[str, str]  # name -> time, memory and disk of a run
    preset: str = "demo"  # the one that is taken
    check: Callable[[Any], None] = lambda options: None  # raises a ValueError for options that do not go together

    def study(self) -> "Study":
        """Import the study's work."""
        module = self.options.__module__.rpartition(".")[0]
        return importlib.import_module(f"{module}.study").STUDY


class Page(NamedTuple):
    """How a person reads what a study found. `Finished` is a run that was read back, see `_finished`."""

    template: Path  # extends `page.html`
    content: Callable[[Any], Mapping[str, Any]]  # Finished -> the template's own variables, and `charts`, id -> chart
    headlines: Callable[[Any], Sequence[str]]  # Finished -> the main findings, the most important first
    figures: Callable[[Any, Path], Any] = lambda finished, directory: None  # Finished, folder -> writes PNG and SVG
    tables: Callable[[Any], Sequence[Any]] = lambda finished: ()  # Finished -> what a terminal shows before the rest


class Study(NamedTuple):
    """The work of a study, in the order in which it is done.

    A *part* is a function of the run (`running.Run`), which calls it once: `run.of(part)`. Parts that are stages are
    kept on disk as the type that they are annotated to return, a NamedTuple, or a list or mapping of them.
    """

    command: Command
    presets: Mapping[str, Any]  # name -> NamedTuple, the size of a run
    read: Callable[[Any, Any, int], Any]  # options, preset, seed -> what is given; refuses what does not fit
    prepare: Callable[[Any], Any]  # the part that opens or trains what the stages work on
    stages: Mapping[str, Callable[[Any], Any]]  # name -> part
    results: type  # a NamedTuple with a field for each stage
    claims: Callable[[Any], Iterable[Claim]]  # results -> what was published or promised, re-measured
    page: Page
    found: Callable[[Any], Sequence[Any]] | None = None  # the part that lists what was found, as NamedTuples
    unknown: Callable[[Any], Any] | None = None  # the part that says how much of the text the model does not know
    main: str | None = None  # the stage that is `results` in `results.json`, others beside it; None: all are in it
    sized: Callable[[Any, Any], Any] = lambda preset, options: preset  # preset, options -> the size of this run


def options(command: Command) -> dict[str, tuple[Any, Option]]:
    """Return the type and the description of each option of a study, by its name.

    Raises:
        TypeError: a field without a description.
    """
    found = {}
    for name, hint in get_type_hints(command.options, include_extras=True).items():
        described = [one for one in get_args(hint)[1:] if isinstance(one, Option)]
        if get_origin(hint) is not Annotated or not described:
            raise TypeError(f"{command.name}: the option {name!r} has no description; annotate it with an Option")
        found[name] = get_args(hint)[0], described[0]
    return found


def find(package: Any) -> dict[str, Command]:
    """Return the commands of the studies in a package: its public folders with a module `options`.

    Args:
        package: `jaxneuron.studies`, or another one.
    """
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        home = Path(module.module_finder.path, module.name)  # pyright: ignore[reportAttributeAccessIssue] (a folder's)
        if module.ispkg and not module.name.startswith("_") and (home / "options.py").is_file():
            command: Command = importlib.import_module(f"{package.__name__}.{module.name}.options").COMMAND
            found[command.name] = command
    return found
