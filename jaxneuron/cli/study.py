"""`jaxneuron study`: papers, reproduced end to end."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from jaxneuron import studies
from jaxneuron.cli import _model, _out, _study
from jaxneuron.cli._options import Out, PaperPreset, Preset, Seed, existing, names, number, one_of
from jaxneuron.cli._shared import bars, say

TEXT = "a labelled text: .conllu, .conll, .iob2, .jsonl, .tsv or .txt, or a folder of such files"

app = typer.Typer(no_args_is_help=True, help="Reproduce a paper, end to end.")


@app.callback()
def papers() -> None:
    """Reproduce a paper, end to end."""


for _known in studies.find().values():
    app.command(_known.name)(_study.command(_known))


@app.command("concepts")
def study_concepts(
    out: Out,
    model: Annotated[
        str | None,
        typer.Option(
            help="A Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; by default trained."
        ),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A labelled text, such as a folder with a treebank; more of them are other languages."),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(help="Layers of labels, separated by commas; the first is studied in full. Default: upos."),
    ] = None,
    preset: Preset = "demo",
    seed: Seed = 0,
) -> None:
    """Ask which neurons carry a concept, by many rankings and probes, and whether the model uses them.

    On two idle cores: demo, two to five minutes; small, half an hour; full, an hour or more and 2.5 GB.
    """
    layers = names("--labels", labels)
    _inputs(out, model, data, TEXT)
    from jaxneuron.report import concepts as page
    from jaxneuron.studies import concepts

    with bars() as report:
        content = concepts.run(
            out,
            model=model,
            data=data or (),
            labels=layers or (),
            preset=preset,
            seed=seed,
            report=report,
            notice=say,
        )
    _say(page.headlines(content), content, out)


@app.command("dni2018")
def study_dni2018(
    out: Out,
    language: Annotated[
        str, number(one_of("parens", "arithmetic", "c", "python"), "parens, arithmetic, c or python.")
    ] = "parens",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Source code: a folder of files, or of train, dev and test.jsonl; C needs it, of Python the standard "
            "library is the default."
        ),
    ] = None,
    preset: PaperPreset = "small",
    seed: Seed = 0,
) -> None:
    """Ask which neurons of an LSTM compute what a grammar or a parser says, as Sellam et al. 2018.

    On two idle cores: demo, a minute; small, ten minutes (of C); paper has the sizes that were published.
    """
    _out.study(out)
    if data is not None:
        existing("--data", data, "a folder of source files, or of train, dev and test.jsonl")
        if language in ("parens", "arithmetic"):
            raise ValueError(
                f"--language {language} is made by its grammar, so that --data {data} has no use; leave it out"
            )
    elif language == "c":
        raise ValueError("--language c needs --data: a folder of .c files, or of train, dev and test.jsonl")
    from jaxneuron.report import dni2018 as page
    from jaxneuron.studies import dni2018

    with bars() as report:
        content = dni2018.run(out, language=language, data=data, preset=preset, seed=seed, report=report, notice=say)
    faults = [f"left out: {fault['name']}: {fault['reason']}" for fault in content["results"]["faults"]]
    _say([*page.headlines(content), *faults], content, out)


def _inputs(out: Path, model: str | None, data: Sequence[Path] | None, what: str) -> None:
    """Check what a study of an encoder reads and writes, before anything is loaded."""
    _out.study(out)
    texts = data or ()
    for place, path in enumerate(texts):
        if existing("--data", path, what) in texts[:place]:
            raise ValueError(f"--data {path} is given twice; give each text once")
    if model is not None:
        _model.check(model, "transformer", "Hugging Face")


def _say(sentences: Iterable[str], content: dict[str, Any], out: Path) -> None:
    """Print what came out, which claims did not hold, and where the report is."""
    from jaxneuron.report.text import shown

    for sentence in sentences:
        say(f"- {sentence}")
    for claim in content["claims"]:
        if not claim["holds"]:
            say(f"  does not hold: {claim['claim']} ({shown(claim['figure'])}) {claim['note']}")
    say(f"The report: {out / 'report.html'}")
