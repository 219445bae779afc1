"""Which outputs do a unit's weights speak for? What it writes, read by the head (the logit lens of a unit).

nostalgebraist 2020 (interpreting GPT: the logit lens); Geva et al. 2022 (Transformer Feed-Forward Layers Build
Predictions by Promoting Concepts in the Vocabulary Space, arXiv 2203.14680); the moments are those of Gurnee et al.
2024 (Universal Neurons in GPT2 Language Models, arXiv 2401.12181):

    effect[unit, output] = (what one of the unit writes into the stream) . (what the head makes of the stream)

No model is known by name: the direction is how the next site that is linear in the unit changes with it, and the head
is how the scores change with the stream. A final norm holds its scale, so its weights and its mean are folded into
the head, as in the field; the scale itself is that at a few words of a text, so that effects are in logits. As a lens,
it takes the stream of all blocks for one, and leaves out what later blocks make of what is written.

Cost:
    A few passes of a few words to read the model's course and the head; then a product of the units' directions with
    the head.

Fails:
    In early layers it says little: what later blocks make of the direction is left out (`jacobian_lens`, `token_change`
    have it). A site whose units write nothing linear into the stream is an error.

Peers:
    TransformerLens's `W_out @ W_U` with folded norms, the logit lens; equal where the model is one that it knows.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from jaxneuron import batching, tap
from jaxneuron.types import Forward, Params, Site, Text, Tokens
from jaxneuron.writes import Promoted, _read
from jaxneuron.writes._course import chosen, course
from jaxneuron.writes._written import written


def write(
    forward: Forward,
    params: Params,
    tokens: Text | None = None,
    units: Int[Any, "unit"] | None = None,
    *,
    site: Site,
    into: str | None = None,
    head: Float[Any, "width output"] | None = None,
    budget: int = batching.BUDGET,
) -> Promoted:
    """Return how much one of each unit raises the score of each output, by its weights.

    Args:
        forward: the model.
        params: its weights.
        tokens: text at the first words of which the scale of a final norm is read; without, it is read at the first
            word of the vocabulary, which changes all effects by one factor. A head that is no linear function, such as
            that for masked words, needs a text: there the mean over the words is taken.
        units: which units; by default all of the site.
        site: where they are.
        into: where what they write is read, such as `block3/mlp`; by default the next site if that is linear in them,
            else their own, where a unit is its own direction.
        head: for a model without one, the matrix from its last site to outputs; see `embedding`.
        budget: bytes for what is computed at a time.

    Returns:
        Effects in the score's unit for one of the unit's, and no error.

    Raises:
        KeyError: the model has no such site.
        ValueError: no such unit; no head; or what the units write is no direction of the stream.

    Source:
        arXiv 2203.14680, arXiv 2401.12181.

    Example:
        >>> import jax.numpy as jnp
        >>> from jaxneuron.tap import Tap, lookup
        >>> def forward(params, tokens, edits):
        ...     tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
        ...     hidden = tap("hidden", lookup(params["table"], tokens.ids), time)
        ...     return tap("stream", hidden @ params["out"], time) @ params["head"], tap.activations()
        >>> params = {"table": jnp.ones((4, 2)), "out": jnp.array([[1.0, 0], [0, 2]]), "head": jnp.eye(2, 4)}
        >>> write(forward, params, site="hidden").effect.tolist()
        [[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]]
    """
    text, which = chosen(forward, params, tokens, units, site)
    way = course(forward, params, text)
    found = written(way, forward, params, text, which, site=site, into=into)
    effect = _read.effect(way, forward, params, tokens, found.rows, into=found.into, head=head, budget=budget)
    return _read.promoted(effect)


def embedding(
    forward: Forward, params: Params, count: int, *, site: Site = "embed/word", budget: int = batching.BUDGET
) -> Float[np.ndarray, "width word"]:
    """Return the words' vectors as the head of a model without one: to be read by how alike they are.

    Args:
        forward: the model.
        params: its weights.
        count: words of its vocabulary.
        site: where a word is a row of the table, whatever is around it.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError: the model has no such site.
    """
    words = Tokens(np.arange(count, dtype=np.int32)[:, None], np.ones((count, 1), bool))
    return tap.read(forward, params, words, site, budget=budget)[:, 0].T
