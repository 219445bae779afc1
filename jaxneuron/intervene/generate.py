"""Let a model write under any edits, and look at the text.

The generative check of Sellam et al. 2018 and of Karpathy et al. 2016 (arXiv 1506.02078). A symbol costs one step of
the model: what has been read is in the recurrent state, or in the cache of keys and values.

Cost:
    One step of the model for each symbol that is read or written.

Fails:
    One sample shows little: write many, from several keys. A cache without room for the prompt and what is written is
    an error.

Peers:
    transformers' `generate` with hooks, TransformerLens's `generate`; here edits are data, so that new values do not
    compile again.

Example:
    import jax
    import numpy as np
    from docs.tiny import WORDS, begin, params, step
    from jaxneuron.edits import Scale
    from jaxneuron.intervene import Sampling, generate
    from jaxneuron.types import Tokens

    prompt = Tokens(np.zeros((1, 1), int), np.ones((1, 1), bool))
    asked = {"edits": {"mlp/hidden": Scale(0.0)}, "sampling": Sampling(length=3, temperature=0)}
    found = generate.intervene(jax.random.key(0), step, params, begin(1), prompt, **asked)
    print([WORDS[word] for word in found.tokens.ids[0]][0], found.tokens.ids.shape)
    #: the (1, 4)
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from jaxneuron import _keys
from jaxneuron.intervene import Sampling, Step, Written, _sampling
from jaxneuron.types import Edit, Params, Site, Tokens


def intervene(
    key: Array,
    step: Step,
    params: Params,
    state: PyTree,
    prompt: Tokens,
    edits: Mapping[Site, Edit] | None = None,
    *,
    sampling: Sampling,
) -> Written:
    """Write after each prompt, under edits.

    Args:
        key: one key; a text is the same whatever is written beside it.
        step: the model, a function of `(params, state, ids[batch time], edits)`; the same object each time, or it is
            compiled again.
        params: its weights.
        state: of the texts before their prompts; a cache needs room for the prompt and what is written. What all
            prompts begin with may have been read into it.
        prompt: `[batch time]`, at least one symbol each, of any lengths.
        edits: as for a forward; new values do not compile again.
        sampling: how much is written, and how.

    Returns:
        Arrays `[batch time]`, as long as the longest prompt and what is written.

    Raises:
        ValueError: an option out of range, an empty prompt, or a state without room for what is read.
        KeyError: an edit for a site that the model does not have.
    """
    _sampling.check(prompt, state, sampling)
    stacked = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], dict(edits or {}))
    prompt = Tokens(*map(np.asarray, prompt))
    found = _sampling.write(_keys.checked(key), step, params, state, prompt, stacked, sampling)
    return jax.tree.map(lambda leaf: np.asarray(leaf[0]), found)
