"""What a model predicts without sets of units: sums over the places that have a right answer."""

from typing import Any


def sums(model: Any, tokens: Any, masks: Any, site: str) -> Any:
    """Return `evaluate.effects.Sums` for each set of units, `[*set text label]`.

    Right is the next symbol where the head says what comes next, and else what the model says with all units.

    Args:
        model: with a head.
        tokens: the text.
        masks: true where a unit is taken away.
        site: where the units are.

    Raises:
        ValueError: the model has no head.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.evaluate.effects import Predictions
    from jaxneuron.intervene import Answered, ablate
    from jaxneuron.targets import scores
    from jaxneuron.types import Tokens

    text = Tokens(jnp.asarray(tokens.ids), jnp.asarray(tokens.mask))
    if model.head == "none":
        raise ValueError("the model has no head, so it predicts nothing; give a model with a head, or ask ablation")
    if model.head == "next word":
        answers = np.where(tokens.mask[:, 1:], tokens.ids[:, 1:], -1)
        answers = np.pad(answers, [(0, 0), (0, 1)], constant_values=-1)
    else:
        answers = np.asarray(jnp.argmax(scores(jax.jit(model.forward)(model.params, text, {})[0]), -1))
        answers = answers if answers.shape[1] == 1 else np.where(tokens.mask, answers, -1)
    found = ablate.intervene(
        model.forward, model.params, text, Answered(Predictions(), answers), np.asarray(masks), site=site
    )
    return found.edited
