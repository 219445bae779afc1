"""The gradient of what is asked about in each of several texts, at a site."""

from typing import Any

from jaxneuron.cli import _inputs


def of_texts(model: Any, sentences: list[list[str]], site: str, target: str | None, position: int) -> Any:
    """Return the gradient of each text's target, `[text unit]`, summed over time; all texts in one program."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.cli import _explained
    from jaxneuron.extract import reading
    from jaxneuron.split import above, below
    from jaxneuron.targets import Logit, scores
    from jaxneuron.types import Tokens

    read = reading.read(model, sentences)
    _inputs.shape(model, site)
    forward, wanted = jax.jit(model.forward), []
    for number, words in enumerate(sentences):
        tokens = Tokens(*(jnp.asarray(leaf[number : number + 1]) for leaf in read.tokens))
        output, activations = forward(model.params, tokens, {})
        place = _explained.place(read.word[number], position, len(words))
        wanted.append(_explained.wanted(model, output, activations, target, place)[0])
    places = np.array([one.position for one in wanted], np.int32)
    logit = isinstance(wanted[0], Logit)
    indices = np.array([one.token if logit else one.index for one in wanted], np.int32)

    def one(ids: Any, mask: Any, place: Any, index: Any) -> Any:
        tokens = Tokens(ids[None], mask[None])

        def read_off(output: Any, activations: Any, tokens: Any) -> Any:
            return (scores(output) if logit else activations[wanted[0].site])[:, place, index]

        score = above(model.forward, model.params, tokens, site, read_off)
        x = below(model.forward, model.params, site)(tokens)
        return jax.grad(lambda x: jnp.sum(score(x)))(x)[0].sum(0)

    return jax.jit(jax.vmap(one))(jnp.asarray(read.tokens.ids), jnp.asarray(read.tokens.mask), places, indices)
