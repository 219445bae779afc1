"""`jaxneuron study`: papers, reproduced end to end."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from jaxneuron.cli._shared import Data, Out, Seed, bars, console, data_folder

app = typer.Typer(no_args_is_help=True, help="Reproduce a paper, end to end.")


@app.callback()
def papers() -> None:
    """Reproduce a paper, end to end."""


@app.command("poerner2018")
def study_poerner2018(
    out: Out,
    data: Data = None,
    preset: Annotated[str, typer.Option(help="demo, small or paper.")] = "small",
    seed: Seed = 0,
    draw: Annotated[
        str, typer.Option(help="unbiased, or original: the units that the paper's code draws.")
    ] = "unbiased",
    model: Annotated[Path | None, typer.Option(help="A trained Imaginet; by default one is trained.")] = None,
) -> None:
    """Find the 5-grams that drive neurons most, by five methods, and compare them as Poerner et al. 2018."""
    from jaxneuron.report import tables
    from jaxneuron.studies import poerner2018

    with bars() as report:
        content = poerner2018.run(
            out, data=data_folder(data), preset=preset, seed=seed, draw=draw, model=model, report=report
        )
    console.print(tables.summary(content["results"]))
    console.print(tables.table1(content["table1"]))
    hold = sum(claim["holds"] for claim in content["claims"])
    _say([f"{hold} of {len(content['claims'])} claims hold"], content, out)


@app.command("concepts")
def study_concepts(
    out: Out,
    model: Annotated[
        str,
        typer.Option(
            help="A Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; by default trained."
        ),
    ] = "",
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A labelled text, such as a folder with a treebank; more of them are other languages."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Layers of labels, separated by commas; the first is studied in full. Default: upos.")
    ] = "",
    preset: Annotated[str, typer.Option(help="demo, small or full.")] = "demo",
    seed: Seed = 0,
) -> None:
    """Ask which neurons carry a concept, by many rankings and probes, and whether the model uses them."""
    from jaxneuron.report import concepts as page
    from jaxneuron.studies import concepts

    with bars() as report:
        content = concepts.run(
            out,
            model=model or None,
            data=data or (),
            labels=[layer for layer in labels.split(",") if layer],
            preset=preset,
            seed=seed,
            report=report,
        )
    _say(page.headlines(content), content, out)


@app.command("attribution")
def study_attribution(
    out: Out,
    model: Annotated[
        str,
        typer.Option(
            help="The encoder: a Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; else trained."
        ),
    ] = "",
    data: Annotated[
        list[Path] | None,
        typer.Option(help="A text with a label per sentence, one with spans (B-, I-, O) per word, or both."),
    ] = None,
    concept: Annotated[
        list[Path] | None,
        typer.Option(help="A file of words, one a line, that are a concept; the first should speak for the 2nd label."),
    ] = None,
    label_name: Annotated[
        list[str] | None,
        typer.Option(help="What a label is called, as in 1=positive; else a file beside the text may say it."),
    ] = None,
    preset: Annotated[str, typer.Option(help="demo, small or full.")] = "demo",
    seed: Seed = 0,
) -> None:
    """Ask what predictions rest on: tokens, layers, units and concepts, for labels of texts and for spans in them."""
    from jaxneuron.report import attribution as page
    from jaxneuron.studies import attribution

    with bars() as report:
        content = attribution.run(
            out,
            model=model or None,
            data=data or (),
            concepts=attribution.words.read(concept or ()),
            names=attribution.label_names.given(label_name or ()),
            preset=preset,
            seed=seed,
            report=report,
        )
    _say(page.headlines(content), content, out)


@app.command("dni2018")
def study_dni2018(
    out: Out,
    language: Annotated[str, typer.Option(help="parens, arithmetic, c or python.")] = "parens",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Source code: a folder of files, or of train, dev and test.jsonl; C needs it, of Python the standard "
            "library is the default."
        ),
    ] = None,
    preset: Annotated[str, typer.Option(help="demo, small or paper.")] = "small",
    seed: Seed = 0,
) -> None:
    """Ask which neurons of an LSTM compute what a grammar or a parser says, as Sellam et al. 2018."""
    from jaxneuron.report import dni2018 as page
    from jaxneuron.studies import dni2018

    with bars() as report:
        content = dni2018.run(out, language=language, data=data, preset=preset, seed=seed, report=report)
    faults = [f"left out: {fault['name']}: {fault['reason']}" for fault in content["results"]["faults"]]
    _say([*page.headlines(content), *faults], content, out)


def _say(sentences: Iterable[str], content: dict[str, Any], out: Path) -> None:
    """Print what came out, which claims did not hold, and where the report is."""
    from jaxneuron.report.text import shown

    for sentence in sentences:
        console.print(f"- {sentence}", markup=False, highlight=False)
    for claim in content["claims"]:
        if not claim["holds"]:
            console.print(f"  does not hold: {claim['claim']} ({shown(claim['figure'])}) {claim['note']}", markup=False)
    console.print(f"The report: {out / 'report.html'}")
