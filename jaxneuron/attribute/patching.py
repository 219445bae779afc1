"""Which activations carry what two runs differ in? Put those of a clean run into a corrupted one.

    exact:       f(h' with group g from h) - f(h')                    one run per group
    first order: sum over g of (h - h') . df(h')/dh'                  one gradient for all groups
    integrated:  the same with the gradient averaged from h' to h     as many gradients as steps
    relevance:   the same with the gradient of relevance at h'        one changed gradient for all groups
    attention:   the first order, but for attention weights           one gradient, and the weights once per group

Vig et al. 2020 (arXiv 2004.12265) and Meng et al. 2022 (arXiv 2202.05262) for the exact effect; Nanda 2023 (Attribution
Patching) and Syed et al. 2023 (arXiv 2310.10348) for the first order; Hanna et al. 2024 (arXiv 2403.17806) for the
average, here at midpoints; Jafari et al. 2025 (RelP, arXiv 2508.21258) for relevance: the scale of a layer norm and
attention weights are constants, nonlinearities hand their relevance on unchanged, and each factor of a product that is
alive, gates too, takes half (their program leaves attention weights live unless told). Such a coefficient says how a
value is made up, not how it changes: of a product of two factors that both move a little, the halves make half of the
change. On gated models with near pairs of texts the first order agrees better with exact patching: see
benchmarks/RESULTS.md.

A softmax that is nearly 0 or 1 has no slope, so that the first order overlooks what turns attention elsewhere. AtP*
(Kramar et al. 2024, arXiv 2403.00745) computes the weights anew where a query or a key is patched. Here they are those
that read the site first, whatever the site: with p the weights, and the slope of the score with p held or at p,

    attention:   sum over g of (h - h') . df/dh'  +  (p(h' with group g from h) - p(h')) . df/dp

AtP*'s other half, GradDrop, is `order="dropped"` of `jaxneuron.trace`.

Clean and corrupted are values at one site (`split.below` of two texts of one length) and `f` is `split.above` of the
corrupted text. `direction="corrupt"` asks the other way round: what is lost when the clean run (`f` of the clean text)
gets the corrupted values, which is ablation with a baseline.

Cost:
    exact: one evaluation for each group; first order: three passes for all groups; integrated: three for each of the
    steps; relevance: three; attention: three, and the attention weights once for each group.

Fails:
    Estimates are of small changes: where the two runs differ much, units saturate, or a softmax is near 0 or 1, they
    may miss or invent effects. `compare` measures that by the exact effects.

Peers:
    TransformerLens's activation patching (exact) and the notebooks of attribution patching; AtP* and RelP as their
    papers have them, without GradDrop here (`jaxneuron.trace` has it).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _numbers, batching, games
from jaxneuron.attribute._check import check_counts
from jaxneuron.attribute._gradient import gradient
from jaxneuron.games import sweep
from jaxneuron.jaxpr.attended import attended
from jaxneuron.jaxpr.propagation import flow, rules


class Patching(NamedTuple):
    """The effect of every group, exact and estimated."""

    exact: Float[Array, "batch *feature"]  # change of the score
    first_order: Float[Array, "batch *feature"]
    integrated: Float[Array, "batch *feature"]
    relevance: Float[Array, "batch *feature"]
    attention: Float[Array, "batch *feature"]
    first_order_agreement: Float[Array, "batch"]  # Spearman's rank correlation with the exact effects of the groups
    integrated_agreement: Float[Array, "batch"]
    relevance_agreement: Float[Array, "batch"]
    attention_agreement: Float[Array, "batch"]


def attribute(
    f: games.Score,
    x: Float[Any, "batch *feature"],
    baseline: Any,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    order: str = "first",
    direction: str = "restore",
    steps: int = 10,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return by how much the score changes where a group has the clean value in place of the corrupted one.

    Args:
        f: the score.
        x: the clean values.
        baseline: the corrupted ones, a number or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`; `np.arange(time)[:, None]` patches whole positions. None:
            each unit at each position by itself.
        mask: true where features are patched, such as the tokens' own; the others get exactly 0.
        order: "exact", or an estimate: "first", "integrated", "relevance" or "attention".
        direction: "restore" patches the corrupted run, "corrupt" the clean one; the sign is the same, that of
            `f(clean) - f(corrupted)`.
        steps: gradients that are averaged, for "integrated".
        budget: bytes for what is computed at a time.

    Returns:
        In the score's unit, copied to each member of a group, as ablation does.

    Raises:
        ValueError: shapes that do not fit, NaN, or another order or direction.
        NotImplementedError: for "relevance", an operation without a rule; its name is in the message.

    Source:
        arXiv 2310.10348, equation 1; arXiv 2403.17806, equation 3; arXiv 2508.21258, section 3; arXiv
        2403.00745, equation 7.

    Example:
        >>> f, one = lambda x: x[:, 0] * x[:, 1], jnp.ones((1, 2))
        >>> attribute(f, 2 * one, one).tolist(), attribute(f, 2 * one, one, order="exact").tolist()
        ([[1.0, 1.0]], [[1.0, 1.0]])
    """
    if order not in _ORDERS:
        raise ValueError(f"the order must be one of {', '.join(_ORDERS)}, got {order!r}")
    game = _game(f, x, baseline, groups, mask, direction, budget, steps)
    return games.spread(_ORDERS[order](game, direction == "restore", steps), game.player)


def compare(
    f: games.Score,
    x: Float[Any, "batch *feature"],
    baseline: Any,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    direction: str = "restore",
    steps: int = 10,
    budget: int = batching.BUDGET,
) -> Patching:
    """Return the exact effects, the estimates, and how well they rank the groups; arguments as for `attribute`.

    Args:
        f: the score.
        x: the clean values.
        baseline: the corrupted ones.
        groups: the group of each feature.
        mask: true where features are patched.
        direction: "restore" or "corrupt".
        steps: gradients that are averaged, for the integrated estimate.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError, NotImplementedError: as `attribute`.
    """
    game = _game(f, x, baseline, groups, mask, direction, budget, steps)
    exact, *estimates = (run(game, direction == "restore", steps) for run in _ORDERS.values())
    spread = (games.spread(effect, game.player) for effect in (exact, *estimates))
    return Patching(*spread, *(_agreement(game, estimate, exact) for estimate in estimates))


def _game(f: Any, x: Any, baseline: Any, groups: Any, mask: Any, direction: str, budget: int, steps: int) -> games.Game:
    check_counts(steps=steps)
    if direction not in ("restore", "corrupt"):
        raise ValueError(f"the direction must be restore or corrupt, got {direction!r}")
    return games.game(f, _numbers.floating(_numbers.array(x, "x")), baseline, groups=groups, mask=mask, budget=budget)


@jax.jit(static_argnums=(1, 2))
def _exact(game: games.Game, restore: bool, steps: int) -> Float[Array, "batch player"]:
    start, end = (game.baseline, game.x) if restore else (game.x, game.baseline)

    def patched(group: Array) -> Float[Array, "batch"]:
        return game.score(jnp.where(game.player == group, end, start))

    score = sweep(patched, jnp.arange(game.count + 1), budget=game.budget).T  # the last is nobody's: the start itself
    return (score[:, :-1] - score[:, -1:]) * (1 if restore else -1)


def _along(game: games.Game, slope: Float[Array, "batch *feature"]) -> Float[Array, "batch player"]:
    return games.collect((game.x - game.baseline) * slope, game)


@jax.jit(static_argnums=(1, 2))
def _first(game: games.Game, restore: bool, steps: int) -> Float[Array, "batch player"]:
    return _along(game, gradient(game.score, game.baseline if restore else game.x))


@jax.jit(static_argnums=(1, 2))
def _integrated(game: games.Game, restore: bool, steps: int) -> Float[Array, "batch player"]:
    change = game.x - game.baseline

    def add(total: Array, share: Array) -> tuple[Array, None]:
        return total + gradient(game.score, game.baseline + share * change), None

    shares = (jnp.arange(steps, dtype=change.dtype) + 0.5) / steps
    total, _ = jax.lax.scan(add, jnp.zeros_like(change), shares)
    return games.collect(change * total / steps, game)


@jax.jit(static_argnums=(1, 2))
def _relevance(game: games.Game, restore: bool, steps: int) -> Float[Array, "batch player"]:
    return _along(game, flow(game.score, game.baseline if restore else game.x, rules(attention=False, halves=True)))


@jax.jit(static_argnums=(1, 2))
def _attention(game: games.Game, restore: bool, steps: int) -> Float[Array, "batch player"]:
    start, end = (game.baseline, game.x) if restore else (game.x, game.baseline)
    weights, rest = attended(game.score, start)
    held = weights(start)
    score, pull = jax.vjp(rest, start, held)
    slope, slopes = pull(jnp.ones_like(score))
    rows = _rows(weights, start)

    def turned(group: Array) -> Float[Array, "batch"]:
        found = weights(jnp.where(game.player == group, end, start))
        told = zip(found, held, slopes, rows, strict=True)
        return sum((jax.ops.segment_sum(((new - old) * slope).ravel(), row.ravel(), len(start)) for new, old, slope, row
                    in told), jnp.zeros_like(score))  # fmt: skip

    through = sweep(turned, jnp.arange(game.count), budget=game.budget).T
    return _along(game, slope) + through * (1 if restore else -1)


def _rows(weights: Callable[[Array], list[Array]], x: Float[Array, "batch *feature"]) -> list[Int[Array, "..."]]:
    """Return to which row of the input each attention weight belongs, in whatever layout: what NaN there spoils."""
    number, found = jnp.arange(len(x)).reshape(-1, *[1] * (x.ndim - 1)), weights(x)
    rows = [jnp.zeros(one.shape, int) for one in found]
    for bit in range((len(x) - 1).bit_length()):
        spoilt = weights(jnp.where(number >> bit & 1, jnp.nan, x))
        rows = [row + (jnp.isnan(one) << bit) for row, one in zip(rows, spoilt, strict=True)]
    return rows


_ORDERS = {
    "exact": _exact,
    "first": _first,
    "integrated": _integrated,
    "relevance": _relevance,
    "attention": _attention,
}


@jax.jit
def _agreement(game: games.Game, a: Array, b: Array) -> Float[Array, "batch"]:
    """Return Spearman's correlation over the groups that play in a row."""
    player = jnp.broadcast_to(game.player, game.x.shape)
    plays = games.collect(jnp.asarray(player >= 0, a.dtype), game) > 0

    def ranks(value: Array) -> Array:
        rank = jax.scipy.stats.rankdata(jnp.where(plays, value, jnp.inf), axis=-1)
        mean = jnp.mean(rank, axis=-1, where=plays, keepdims=True)
        return jnp.where(plays, rank - jnp.broadcast_to(mean, rank.shape), 0)

    a, b = ranks(a), ranks(b)
    return jnp.sum(a * b, axis=-1) / jnp.sqrt(jnp.sum(a * a, axis=-1) * jnp.sum(b * b, axis=-1))
