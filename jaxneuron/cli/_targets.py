"""What is searched for, as the person names it: units, their mean, directions, features of a dictionary, or outputs."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.cli import _inputs
from jaxneuron.cli._options import existing

GROUP, OUTPUT, FILE = "group:", "logit:", ".npy"
EXPECTED = "directions as numbers, [unit] or [direction unit], in a .npy file"
SAYS = (
    "What is searched for, instead of --site and --units; may be given several times: a label or a word that the head "
    "scores (or logit:WORD), units as site:3,5, their mean as group:site:3,5, or directions as site:FILE.npy."
)


class Wanted(NamedTuple):
    """Targets of one kind, which are searched for together."""

    target: Any  # stacked, read at the last word
    site: str  # "output" of a head's outputs that are no site
    names: list[str]  # of each: a unit's number, or what it is


def check(site: str | None, units: str | None, targets: list[str] | None) -> None:
    """Check what can be checked without loading anything.

    Raises:
        ValueError, FileNotFoundError: what is wrong.
    """
    if targets and (site is not None or units is not None):
        raise ValueError("--target and --site with --units are both given; give one of them")
    if not targets and (site is None or units is None):
        raise ValueError(
            "nothing is searched for; give --site block3/mlp --units 3,5, or --target: a word that the head scores, "
            "block3/mlp:3,5, group:block3/mlp:3,5 or block3/mlp:FILE.npy"
        )
    if units is not None:
        _inputs.numbers(units)
    for one in targets or ():
        if one.endswith(FILE):
            existing("--target", Path(one.partition(":")[2]), EXPECTED)


def wanted(model: Any, targets: list[str]) -> list[Wanted]:
    """Return what is asked for, each kind once, in the order in which they come.

    Raises:
        KeyError, ValueError: no such site, unit or output, or a file of something else.
    """
    import jax
    import jax.numpy as jnp

    found: dict[tuple[str, Any], Wanted] = {}
    for one in targets:
        kind = _directions(model, one) or _units(model, one) or _output(model, one)
        key = kind.site, jax.tree.structure(kind.target)
        if before := found.get(key):
            both = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), before.target, kind.target)
            kind = Wanted(both, kind.site, before.names + kind.names)
        found[key] = kind
    for one in found.values():
        if len(set(one.names)) < len(one.names):
            twice = next(name for place, name in enumerate(one.names) if name in one.names[:place])
            raise ValueError(f"--target: {twice} of {one.site} is named twice; name each once")
    return list(found.values())


def units(model: Any, site: str, numbers: list[int]) -> Wanted:
    """Return units of a site.

    Raises:
        KeyError, ValueError: no such site, or no such unit.
    """
    import jax.numpy as jnp

    from jaxneuron.targets import Unit

    _inputs.units_there(model, site, numbers)
    return Wanted(Unit(site, jnp.asarray(numbers, jnp.int32)), site, [str(number) for number in numbers])


def _units(model: Any, text: str) -> Wanted | None:
    """Return the units or the mean of units that a text names, if it does."""
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.targets import Group

    grouped = text.startswith(GROUP)
    site, _, numbers = text.removeprefix(GROUP * grouped).rpartition(":")
    listed = re.fullmatch(r"[0-9][0-9, -]*", numbers) is not None
    if not grouped and not (listed and (site in _inputs.sites(model) or "/" in site)):
        return None
    if not listed:
        raise ValueError(f"--target {text}: expected numbers of units, such as group:block3/mlp:3,5")
    chosen = _inputs.numbers(numbers)
    if not grouped:
        return units(model, site, chosen)
    mask = np.zeros((1, _inputs.units_there(model, site, chosen)), np.float32)
    mask[0, chosen] = 1
    return Wanted(Group(site, jnp.asarray(mask)), site, [f"mean of {numbers}"])


def _directions(model: Any, text: str) -> Wanted | None:
    """Return the directions of a file, if a text names one."""
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.targets import Along

    if not text.endswith(FILE):
        return None
    site, _, path = text.partition(":")
    width = _inputs.shape(model, site).shape[-1]
    try:
        found = np.atleast_2d(np.load(path, allow_pickle=False).astype(np.float32))
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"--target {text}: {error}; expected {EXPECTED}") from error
    if found.ndim != 2 or found.shape[1] != width or not np.isfinite(found).all():
        raise ValueError(f"--target {text}: {site!r} has {width} units, got numbers of shape {found.shape}")
    names = [f"{Path(path).name} {number}" for number in range(len(found))]
    return Wanted(Along(site, jnp.asarray(found), jnp.zeros(len(found))), site, names)


def _output(model: Any, text: str) -> Wanted:
    """Return what the head scores by a name."""
    import jax.numpy as jnp

    from jaxneuron.cli import _explained
    from jaxneuron.targets import Logit, Unit

    word = text.removeprefix(OUTPUT)
    if model.head == "none":
        raise ValueError(
            f"--target {text}: the model has no head, so nothing has a score; give units as site:unit, such as "
            "block3/residual:100, or a model with a head"
        )
    number = jnp.asarray([_explained.output(model, word)], jnp.int32)
    return Wanted(Unit(model.scores, number) if model.scores else Logit(number), model.scores or "output", [repr(word)])
