"""Hold sets of units at a value while a model writes: does it write more of what they stand for?

Sellam et al. 2018 hold the k units that tell a hypothesis best at 1, for k = 1, 5, 10, beside k random ones. All sets
draw the same random numbers, so two texts differ only by what the units do.

Cost:
    One step of the model for each symbol that is read or written, for each set of units.

Fails:
    A value that the unit never has breaks the model, and broken text has more of anything: compare with random sets,
    and look at the text. A concept that many units share is not moved by a few.

Peers:
    The authors' code, for one LSTM; here any model with a step.

Example:
    import jax
    import numpy as np
    from docs.tiny import begin, params, step
    from jaxneuron.intervene import Sampling, force
    from jaxneuron.types import Tokens

    prompt = Tokens(np.zeros((1, 1), int), np.ones((1, 1), bool))
    masks = np.eye(16, dtype=bool)[:3]
    asked = {"site": "mlp/hidden", "value": 2.0, "sampling": Sampling(length=4)}
    found = force.intervene(jax.random.key(0), step, params, begin(1), prompt, masks, **asked)
    print(found.tokens.ids.shape)  # a set of units, a text, a symbol
    #: (3, 1, 5)
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from jaxneuron import batching
from jaxneuron.intervene import Sampling, Step, Written, _held, _run
from jaxneuron.types import Params, Site, Tokens


def intervene(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    masks: Bool[Any, "*set unit"] | None = None,
    *,
    site: Site,
    value: float | Float[Any, "unit"] = 1.0,
    sampling: Sampling,
    budget: int = batching.BUDGET,
) -> Written:
    """Write after each prompt while each set of units is held at a value, in the prompt too.

    Args:
        key: as in `generate`; each set sees the same random numbers.
        step: as in `generate`.
        params: the model's weights.
        state: of the texts before their prompts.
        prompt: `[batch time]`.
        masks: true where a unit is held; None: each unit of the site alone. An empty set is the model as it is.
        site: where the units are.
        value: what they are held at, one number or one for each unit.
        sampling: how much is written, and how.
        budget: bytes for the states and scores of the sets written at a time.

    Returns:
        Arrays `[*set batch time]`.

    Raises:
        KeyError: the model has no such site.
        ValueError: masks or values of another width than the site, an option out of range, or an empty prompt.

    Source:
        Sellam, Lin, Huang, Yang, Vondrick, Wu 2018, "Deep Neural Inspection".
    """
    widths, size = _held.checked(step, params, state, prompt, [site], sampling)
    sets = _run.chosen(masks, widths[site], site)
    units, given = sets.shape[-1], np.asarray(value, np.float32)
    if given.shape not in ((), (units,)):
        raise ValueError(f"expected a value as a number or for the {units} units of {site!r}, got {given.shape}")
    options = {"sampling": sampling, "size": size, "budget": budget}
    return _held.write(key, step, params, state, prompt, {site: (sets, given)}, **options)
