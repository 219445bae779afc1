"""The command line: one subcommand per question, and `train`, `study`, `extract`, `report`.

Here is only the door, which opens at once: a Ctrl-C is heard before typer and what the commands need are imported.
"""

from collections.abc import Sequence

from jaxneuron.cli import _interrupt


@_interrupt.heard()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: see `_app.main`.

    Args:
        arguments: the words of the command; by default those of the process.
    """
    from jaxneuron.cli import _app

    _app.main(arguments)
