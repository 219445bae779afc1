"""What does a span contribute in its context? Carry its share of every activation through the model.

Murdoch et al. 2018 (Beyond Word Importance, arXiv 1801.05453) for LSTMs; Singh et al. 2019 (Hierarchical
Interpretations for Neural Network Predictions, arXiv 1806.05337) for other layers. Every activation is a sum of three
parts: what the relevant words bring in, what the others bring in, and the bias, which is there at the baseline:

- what is linear acts on each part; biases go to the bias;
- a nonlinearity, a softmax, a maximum: the mean over both orders of adding the two parts to the bias, for the relevant
  one `[g(b + r) - g(b) + g(b + r + i) - g(b + i)] / 2`;
- a product: `r r + r b + b r` is relevant, `b b` the bias, and what relevant and irrelevant words do only together is
  irrelevant (`shared=0`, Murdoch et al.) or is shared (`shared=0.5`);
- the scale of a layer norm, and any other divisor, is a constant, as the rules for BERT of Jin et al. 2020 (arXiv
  1911.06194) have it.

The three always add up to the score. With everything relevant, the relevant part is the score without the bias; for
models without norms the bias is the score at the baseline. It works on any forward, LSTM, GRU and transformer.

Cost:
    The program with three parts (three to four passes) for each player and each pair of players.

Fails:
    An operation without a rule is an error (NotImplementedError). What is relevant of a product is a convention
    (`shared`), and the parts of deep models grow large and cancel.

Peers:
    The authors' code for LSTMs, and `acd` for CNNs; here every forward, with attention and norms as in Jin et al. 2020.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _numbers, batching, games
from jaxneuron.interact import _contextual
from jaxneuron.interact._contextual import Parts


def interact(
    f: games.Score,
    x: Float[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    shared: float | Float[Any, ""] = 0.0,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch player player"]:
    """Return what each pair contributes beyond the two alone, with what each contributes alone on the diagonal.

    Args:
        f: the score.
        x: the input.
        baseline: what counts as no input, a number or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`; `np.arange(time)[:, None]` makes each word a player.
        mask: true where features count, such as the tokens' own; the others are part of the bias.
        shared: the share of a span in products of itself with the rest.
        budget: bytes for what is computed at a time.

    Returns:
        In the score's unit, symmetric.

    Raises:
        ValueError: shapes that do not fit.
        NotImplementedError: `f` has an operation without a rule; its name is in the message.

    Source:
        arXiv 1801.05453, section 3; arXiv 1806.05337, section 3.1.

    Example:
        >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
        [[[0.0, 6.0], [6.0, 3.0]]]
    """
    return _interact(
        games.game(f, _numbers.floating(_numbers.array(x, "x")), baseline, groups=groups, mask=mask, budget=budget),
        shared,
    )


def decompose(
    f: games.Score,
    x: Float[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    relevant: Any,
    shared: float | Float[Any, ""] = 0.0,
) -> Parts:
    """Return the parts of the score for one choice of relevant features; the other arguments as for `interact`.

    Args:
        f: the score.
        x: the input.
        baseline: what counts as no input.
        relevant: true for the features of the span; broadcasts to `x`.
        shared: the share of a span in products of itself with the rest.

    Returns:
        `relevant`, `irrelevant` and `bias`, each `[batch]`, which add up to `f(x)`.

    Raises:
        ValueError: `relevant` that is no truth values, or of other axes than `x`.
        NotImplementedError: `f` has an operation without a rule.

    Example:
        >>> parts = decompose(lambda x: x.sum(1) + 1, jnp.array([[2.0, 5.0]]), relevant=jnp.array([[True, False]]))
        >>> [part.tolist() for part in parts]
        [[2.0], [5.0], [1.0]]
    """
    game = games.game(f, _numbers.floating(_numbers.array(x, "x")), baseline)
    relevant = jnp.asarray(relevant)
    if relevant.dtype != bool or relevant.ndim != game.x.ndim:
        raise ValueError(
            f"expected `relevant` as truth values with the axes of `x`, {game.x.shape}, got {relevant.dtype} "
            f"{relevant.shape}; a span of words is `mask[:, :, None]`"
        )
    return _decompose(game, relevant, shared)


@jax.jit
def _interact(game: games.Game, shared: Array) -> Array:
    return _contextual.pairs(lambda present: _contextual.scores(game, present, shared), game.count)


@jax.jit
def _decompose(game: games.Game, relevant: Array, shared: Array) -> Parts:
    return _contextual.split(game, jnp.broadcast_to(relevant, game.x.shape), shared)
