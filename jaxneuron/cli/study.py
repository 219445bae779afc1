"""`jaxneuron study`: papers, reproduced end to end."""

from pathlib import Path
from typing import Annotated

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
    failed = [claim for claim in content["claims"] if not claim["holds"]]
    console.print(f"{len(content['claims']) - len(failed)} of {len(content['claims'])} claims hold")
    for claim in failed:
        console.print(f"  does not hold: {claim['claim']} ({claim['figure']}) {claim['note']}", markup=False)
    console.print(f"The report: {out / 'report.html'}")
