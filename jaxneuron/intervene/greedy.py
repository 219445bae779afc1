"""Which units are missed most together? Take away the one that hurts most, then the next beside it, and so on.

A unit that another can stand in for is not missed alone, so the k best of a ranking are not the k that are missed
most. Each round tries every unit beside those that are gone already, in one call, which is compiled twice at most: for
the first round and for the others. What only matters together is not seen by it: see `beam` and `evolutionary`.

Cost:
    `count * candidates` passes of what is above the site over all texts.

Fails:
    What only matters together is never begun with: two units that stand in for each other look as if neither mattered.
    See `beam` and `evolutionary`.

Peers:
    None that we know of: libraries ablate the first k of a ranking, which are not the k that are missed most.

Example:
    from docs.tiny import forward, params, texts
    from jaxneuron.intervene import Taking, greedy
    from jaxneuron.targets import Logit

    taken = greedy.intervene(forward, params, texts, Logit(2), site="mlp/hidden", taking=Taking(count=3))
    print(len(taken.order), bool(taken.score[0] == taken.alone.min()))
    #: 3 True
"""

from typing import Any

from jaxtyping import Bool

from jaxneuron import batching
from jaxneuron.intervene import Answered, Comparison, Taken, Taking, _search
from jaxneuron.types import Forward, Params, Site, Target, Tokens


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    candidates: Bool[Any, "unit"] | None = None,
    *,
    site: Site,
    taking: Taking,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Taken:
    """Take away `count` units one by one, each time the one without which the score is lowest.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read, a target or a comparison, which is given the next symbols if it has no answers.
        candidates: the units that may be taken; by default all. Fewer cost less.
        site: where the units are.
        taking: how many, what they are set to, and what should fall.
        budget: bytes for what is computed at a time.
        progress: called after each unit with how many are taken.

    Returns:
        The units with what is left after each. Of equal ones the first is taken.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: a target that the site does not reach, or that reads a unit or a word which is not there; fewer
            candidates than `count`, a value of another shape, or a score that is no number for some set.
    """
    ask = _search.search(forward, params, tokens, target, candidates, site=site, taking=taking, budget=budget)
    return _search.beam(ask, width=1, progress=progress)
