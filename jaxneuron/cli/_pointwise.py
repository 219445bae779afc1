"""What follows a site, where it looks at one place alone: the head of a model as a map from a vector to scores."""

from collections.abc import Callable
from typing import Any


def head(model: Any, site: str, sentence: list[str]) -> Callable[[Any], Any] | None:
    """Return the map from activations `[example unit]` to scores, or None if there is none.

    A text of one symbol is given, whose activation is replaced. Where what follows reads other places as well, the
    scores of a real text come out otherwise, and there is no such map.

    Args:
        model: with or without a head.
        site: where the activations are.
        sentence: a text to try it on.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.edits import Replace
    from jaxneuron.extract import reading
    from jaxneuron.targets import scores
    from jaxneuron.types import Tokens

    def mapped(x: Any) -> Any:
        text = Tokens(jnp.zeros((len(x), 1), jnp.int32), jnp.ones((len(x), 1), bool))
        return scores(model.forward(model.params, text, {site: Replace(jnp.asarray(x)[:, None])})[0])[:, 0]

    tokens = reading.read(model, [sentence]).tokens
    output, activations = jax.jit(model.forward)(model.params, Tokens(*map(jnp.asarray, tokens)), {})
    try:
        value, wanted = np.asarray(activations[site])[0], np.asarray(scores(output))[0]
    except (TypeError, ValueError):  # no head
        return None
    found = np.asarray(jax.jit(mapped)(value))
    if len(found) != len(wanted) or not np.allclose(found, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max()):
        return None
    return mapped
