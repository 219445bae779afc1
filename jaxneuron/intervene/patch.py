"""Where in a model, and at which word, is what two texts differ in? Put activations of one text into the other.

Vig et al. 2020 (arXiv 2004.12265) and Meng et al. 2022 (arXiv 2202.05262): at every site and every position by itself,
the activation of `source` takes the place of that of `tokens`, and a target is read. Run on a corrupted text with a
clean source it tells what *restores* the answer; run on the clean text with the corrupted source, what *corrupts* it.
All sites, positions and groups of units are one compiled program, in which what comes before some sites runs once.

The effect is exact; `attribute.patching` estimates it for all units from gradients.

Cost:
    `sites * positions * groups` passes for each text, of what is above the first of up to eight sites at a time, and
    one pass of each of both texts.

Fails:
    Texts must have the same length, word by word. A part that another makes up for looks as if it did nothing, and
    restoring may work by ways that the model never takes.

Peers:
    TransformerLens's `patching`, a pass for each site and position; here one program for all.

Example:
    from docs.tiny import forward, pairs, params
    from jaxneuron.intervene import patch
    from jaxneuron.targets import Logit, Minus

    target = Minus(Logit(4), Logit(5))
    found = patch.intervene(forward, params, pairs.tokens, pairs.source, target, sites=("embed/word", "mlp/hidden"))
    print({site: share.shape for site, share in found.restored().items()})  # group, position, text
    #: {'embed/word': (1, 3, 4), 'mlp/hidden': (1, 3, 4)}
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching, tap
from jaxneuron.intervene import _run
from jaxneuron.jaxpr.resume import resume
from jaxneuron.split import check_target, reaching
from jaxneuron.types import Forward, Params, Site, Target, Tokens

TOGETHER = 8
"""Sites that go on from one cut, in the order in which the model comes to them: more would run parts of it again that
lie before a change, fewer would compile more programs of what lies behind."""


class Patched(NamedTuple):
    """What a target reads where an activation is that of another text."""

    edited: dict[Site, Float[np.ndarray, "group time batch"]]  # nan at padding
    unedited: Float[np.ndarray, "batch"]  # of the text as it is
    source: Float[np.ndarray, "batch"]  # of the text where values come from

    def restored(self) -> dict[Site, Float[np.ndarray, "group time batch"]]:
        """Return the share of the way from the text to its source: 0 changes nothing, 1 is what the source scores.

        Where both score alike there is no way, and the share is nan.
        """
        way = np.where(self.source == self.unedited, np.nan, self.source - self.unedited)
        return {site: (found - self.unedited) / way for site, found in self.edited.items()}


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    source: Tokens,
    target: Target,
    groups: Mapping[Site, Bool[Any, "_group _unit"]] | None = None,
    *,
    sites: Sequence[Site],
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Patched:
    """Put the activation of `source` at each site and position into `tokens`, each by itself, and read a target.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts that are changed, `[batch time]`.
        source: as many texts, each as long as the one it is put into.
        target: what to read, one number for each text.
        groups: site -> sets of its units, each patched by itself; a site without, by default all, is patched whole.
        sites: where. At a recurrent one, the state of one step is put in, and the steps after it go on from there.
        budget: bytes for what is computed at a time.
        progress: called after each batch of texts.

    Returns:
        A number for each site, group, position and text.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: texts of different length; no sites, one that does not reach the target or that has no activation
            for each word; groups of another width or of another site; a target that reads what is not there.

    Source:
        arXiv 2004.12265, indirect effect; arXiv 2202.05262, causal tracing.
    """
    names, rows = tuple(sites), tuple(Tokens(np.asarray(text.ids), np.asarray(text.mask)) for text in (tokens, source))
    masks, order = _checked(forward, params, rows, target, names, dict(groups or {}))
    count, time = rows[0].mask.shape
    width = max(mask.shape[1] for mask in masks.values())
    item = 4 * 6 * time * width
    chunk = batching.chunk_size(item, count, budget)
    most = TOGETHER * max(len(mask) for mask in masks.values()) * time
    together = batching.chunk_size(item * chunk, most, budget)

    def update(parts: list[Patched], index: Array, valid: Array, text: Tokens, other: Tokens) -> list[Patched]:
        found = _patched(forward, params, target, text, other, masks, order=order, together=together)
        return [*parts, Patched(*jax.device_get(found))]

    parts = batching.fold_rows(update, [], *rows, chunk=chunk, progress=progress)
    found = jax.tree.map(lambda *leaves: np.concatenate(leaves, axis=-1)[..., :count], *parts)
    padding = ~rows[0].mask.T
    return found._replace(edited={site: np.where(padding, np.nan, found.edited[site]) for site in names})


@partial(jax.jit, static_argnames=("forward", "order", "together"))
def _patched(
    forward: Forward,
    params: Params,
    target: Target,
    tokens: Tokens,
    source: Tokens,
    masks: dict[Site, Bool[Array, "_group _unit"]],
    *,
    order: tuple[Site, ...],
    together: int,
) -> tuple[dict[Site, Array], Float[Array, "batch"], Float[Array, "batch"]]:
    """Return the fields of `Patched`."""
    time = tokens.mask.shape[1]
    first = (jnp.arange(time) == 0)[None]
    tokens, source = (text._replace(mask=text.mask | first) for text in (tokens, source))  # padded rows keep a word
    values = forward(params, source, {})
    edited: dict[Site, Array] = {}
    for begin in range(0, len(order), TOGETHER):
        part = {site: masks[site] for site in order[begin : begin + TOGETHER]}

        def one(place: tuple[Array, ...], part: dict[Site, Array] = part) -> Float[Array, "batch"]:
            number, group, position = place
            here = jnp.broadcast_to((jnp.arange(time) == position)[None], tokens.mask.shape)
            edits = {
                site: _run.hold(jnp.float32(0), groups[group] & (number == own), (values[1][site], here))
                for own, (site, groups) in enumerate(part.items())
            }
            return target(*forward(params, tokens, edits), tokens)

        counts = [len(groups) for groups in part.values()]
        numbers, groups = np.repeat(np.arange(len(part)), counts), np.concatenate([np.arange(one) for one in counts])
        places = np.repeat(numbers, time), np.repeat(groups, time), np.tile(np.arange(time), len(numbers))
        places = jax.tree.map(jnp.asarray, places)
        rest = resume(one, jax.tree.map(lambda leaf: leaf[0], places))
        found = jax.lax.map(rest, places, batch_size=min(together, len(places[0]))).reshape(len(numbers), time, -1)
        edited |= dict(zip(part, jnp.split(found, np.cumsum(counts)[:-1]), strict=True))
    return edited, target(*forward(params, tokens, {}), tokens), target(*values, source)


def _checked(
    forward: Forward,
    params: Params,
    texts: tuple[Tokens, ...],
    target: Target,
    names: tuple[Site, ...],
    groups: dict[Site, Any],
) -> tuple[dict[Site, Bool[np.ndarray, "_group _unit"]], tuple[Site, ...]]:
    """Return the sets of units of each site, and the sites in the order in which the model comes to them, or raise."""
    tokens, source = texts
    if tokens.mask.ndim != 2 or not tokens.mask.size:
        raise ValueError(f"expected texts [batch time], at least one, got the shape {tokens.mask.shape}")
    if len(tokens.mask) != len(source.mask):
        raise ValueError(f"expected a source for each of {len(tokens.mask)} texts, got {len(source.mask)}")
    lengths = [text.mask.sum(axis=1) for text in texts]
    if (apart := np.flatnonzero(lengths[0] != lengths[1])).size or tokens.mask.shape != source.mask.shape:
        row = int(apart[0]) if apart.size else 0
        raise ValueError(
            f"text {row} has {lengths[0][row]} symbols and its source {lengths[1][row]}, in rows of "
            f"{tokens.mask.shape[1]} and {source.mask.shape[1]}; positions are patched one for one, so give texts of "
            "one length"
        )
    if not names or len(set(names)) < len(names):
        raise ValueError(f"expected sites, each once, got {list(names)}")
    if strange := sorted(set(groups) - set(names)):
        raise ValueError(f"groups are given for {strange[0]!r}, which is not among the sites {list(names)}")
    one = Tokens(*(jnp.asarray(leaf[:1]) for leaf in tokens))
    shapes = tap.sites(forward, params, one)
    masks = {}
    for site in names:
        tap.check_site(site, shapes)
        if shapes[site].shape[-2] != tokens.mask.shape[1]:
            raise ValueError(
                f"{site!r} has no activation for each word, so there is no position to patch; leave it out"
            )
        given = groups.get(site)
        masks[site] = np.ones((1, shapes[site].shape[-1]), bool) if given is None else np.atleast_2d(given)
        _run.chosen(masks[site], shapes[site].shape[-1], site)
    check_target(forward, params, tokens, target)
    reached = reaching(forward, params, one, target)
    if cut := [site for site in names if site not in reached]:
        raise ValueError(f"nothing at {cut[0]!r} reaches {target}; choose a site before the one that the target reads")
    order: list[Site] = []
    jax.eval_shape(lambda: order.extend(forward(params, one, {})[1]))  # a dictionary that leaves a trace is sorted
    return masks, tuple(site for site in order if site in masks)
