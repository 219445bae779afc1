"""Which units are missed most together? Keep several sets, and grow each by every unit, round by round.

Beam search, of which `greedy` is the case of one set: a unit that is second best alone may be best with the next. All
sets of a round are scored in one call, and of two ways to the same set the better is kept.

Cost:
    `count * width * candidates` passes of what is above the site over all texts.

Fails:
    Units that matter only together, and of which none is among the best alone, are never begun with: `evolutionary`
    finds such. A large width costs as many times more.

Peers:
    None that we know of.

Example:
    from docs.tiny import forward, params, texts
    from jaxneuron.intervene import Taking, beam
    from jaxneuron.targets import Logit

    taken = beam.intervene(forward, params, texts, Logit(2), site="mlp/hidden", taking=Taking(count=2), width=3)
    print(len(taken.order), bool(taken.score[-1] <= taken.unedited))
    #: 2 True
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
    width: int = 4,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Taken:
    """Take away `count` units one by one, and keep the `width` sets without which the score is lowest.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read, see `greedy`.
        candidates: the units that may be taken.
        site: where the units are.
        taking: how many, what they are set to, and what should fall.
        width: sets that are kept; a round scores so many times the candidates.
        budget: bytes for what is computed at a time.
        progress: called after each round with how many are taken.

    Returns:
        The best set of `count` units, in the order in which it grew.

    Raises:
        KeyError, ValueError: as `greedy`, and a width below 1.
    """
    if width < 1:
        raise ValueError(f"expected a width of at least 1 set, got {width}")
    ask = _search.search(forward, params, tokens, target, candidates, site=site, taking=taking, budget=budget)
    return _search.beam(ask, width=width, progress=progress)
