"""Let a model write under any edits, and look at the text.

The generative check of Sellam et al. 2018 and of Karpathy et al. 2016 (arXiv 1506.02078). A symbol costs one step of
the model: what has been read is in the recurrent state, or in the cache of keys and values.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from jaxneuron import _keys
from jaxneuron.intervene import Step, Written, _sampling
from jaxneuron.targets import logits
from jaxneuron.types import Activations, Edit, Output, Params, Site, Tokens


def intervene(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    edits: Mapping[Site, Edit] | None = None,
    *,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    end: int | None = None,
    read: Callable[[Output, Activations], Array] = logits,
) -> Written:
    """Write `length` symbols after each prompt, under edits.

    Args:
        key: one key; a text is the same whatever is written beside it.
        step: the model, a function of `(params, state, ids[batch time], edits)`; the same object each time, or it is
            compiled again.
        params: its weights.
        state: of the texts before their prompts; a cache needs room for the prompt and `length` symbols. What all
            prompts begin with may have been read into it.
        prompt: `[batch time]`, at least one symbol each, of any lengths.
        edits: as for a forward; new values do not compile again.
        length: symbols to write, at least 1.
        temperature: divides the scores; 0 takes the likeliest symbol.
        top_k: draw among so many of the likeliest; by default among all.
        end: a text stops after this symbol.
        read: the scores of the next symbol, `[batch time vocab]`; see `evaluate.ablation.in_model`.

    Returns:
        Arrays `[batch time]`, as long as the longest prompt and `length`.

    Raises:
        ValueError: an option out of range, an empty prompt, or a state without room for what is read.
        KeyError: an edit for a site that the model does not have.
    """
    _sampling.check(prompt, state, length, temperature, top_k)
    reading = read if isinstance(read, jax.tree_util.Partial) else jax.tree_util.Partial(read)
    stacked = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], dict(edits or {}))
    found = _sampling.write(
        _keys.checked(key),
        step,
        params,
        state,
        Tokens(*map(np.asarray, prompt)),
        stacked,
        jnp.float32(temperature),
        jnp.int32(-1 if end is None else end),
        reading,
        sets=1,
        length=length,
        top_k=top_k,
        together=1,
    )
    return jax.tree.map(lambda leaf: np.asarray(leaf[0]), found)
