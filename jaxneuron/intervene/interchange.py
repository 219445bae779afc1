"""Do these units stand for a variable? Give them the values that they have on another text, and see what is answered.

Interchange interventions: Geiger, Lu, Icard, Potts 2021, "Causal abstractions of neural networks" (arXiv 2106.02997).
A text and its source differ in a variable, such as the number of the subject. If units carry it, the model answers with
the source's value of it once they have the source's activations: the share of pairs for which it does is the
interchange accuracy (`accuracy` of what `Preference` reads).

Cost:
    One pass of what is above the site for each set of units, one of the whole for each text, and one of its source.

Fails:
    Units that carry the variable beside others that do too change nothing alone. Texts of different lengths need
    `places`. An answer that follows in one frame of sentences may not in another.

Peers:
    pyvene and nnsight, a set at a time; here all sets are one program.

Example:
    from docs.tiny import forward, pairs, params
    from jaxneuron.intervene import Answered, interchange
    from jaxneuron.intervene.interchange import Preference, accuracy

    target = Answered(Preference(), pairs.answers)
    effect = interchange.intervene(forward, params, pairs.tokens, pairs.source, target, site="stream")
    print(accuracy(effect.edited).share.shape)  # how often the answer follows, for each unit alone
    #: (8,)
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Bool, Int

from jaxneuron import batching
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.intervene._pairs import Accuracy as Accuracy
from jaxneuron.intervene._pairs import Counterfactuals as Counterfactuals
from jaxneuron.intervene._pairs import Preference as Preference
from jaxneuron.intervene._pairs import accuracy as accuracy
from jaxneuron.intervene._pairs import lent
from jaxneuron.types import Forward, Params, Site, Target, Tokens


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    source: Tokens,
    target: Target | Comparison | Answered,
    masks: Bool[Any, "*set unit"] | None = None,
    *,
    site: Site,
    places: Int[Any, "..."] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Effect:
    """Set each set of units to the values that they have on another text, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        source: the text that lends its values to each sentence.
        target: what to read, such as `Answered(Preference(), pairs.answers)`.
        masks: true where a unit is set. None: each unit of the site alone.
        site: where the units are.
        places: `[2]` or `[batch 2]`: the word that gets them and the word of the source that has them, -1 for the last.
            None: all words, in texts of one length each.
        budget: bytes for what is computed at a time.
        progress: called after each batch of sentences.

    Returns:
        What the target reads with each set of units interchanged, and with none.

    Raises:
        KeyError: no such site, or none that the target reads.
        ValueError: as `ablate.intervene`; texts and sources that do not go together, or a place that is no word.

    Source:
        Geiger et al. 2021, section 3.
    """
    sets = _run.units(forward, params, tokens, target, site, masks)
    given = lent(forward, params, tokens, source, site=site, places=places, budget=budget)
    edit = jax.tree_util.Partial(_run.hold, jnp.zeros(sets.shape[-1]))
    return _run.run(
        forward, params, tokens, target, edit, sets, tuple(given), site=site, budget=budget, progress=progress
    )
