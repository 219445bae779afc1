"""What makes a neuron fire? Find the n-grams that drive a target most.

Every module has one verb, `find`, which takes many targets at once; pick one by what it costs and promises:

- `best`: the strongest, and what to take first: the next four in a row, with a certificate of what it found
- `corpus`: try every n-gram of a corpus; nothing unseen, nothing missed
- `beam`: grow n-grams by a word at a time, each word of the vocabulary tried exactly
- `swap`: swap words; a gradient ranks the swaps, the first ranks are scored exactly
- `fluent`: of texts no less likely than the corpus's the strongest, and the front of all levels; lengths may vary
- `coordinate`: take the best word of the vocabulary at each place in turn, until none is better
- `gumbel_softmax`: gradient ascent on word distributions with noise that is annealed away, so that they end as words
- `straight_through`: the same, but the model reads real words only
- `softmax`: gradient ascent on word distributions
- `logit`: gradient ascent on unbounded word weights
- `embedding`: gradient ascent on word vectors, then the nearest words

The last five but `straight_through`, and `corpus`, follow Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.
All score what they return on the unrelaxed model. The first six score a text for all targets at once: what is tried
for one counts for all.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from jax.sharding import Mesh
from jaxtyping import Array, Bool

from jaxneuron.batching import BUDGET, Progress
from jaxneuron.types import Forward, Found, Params, Target, Tokens


class Onward(NamedTuple):
    """A model that reads on from where it stopped, so that n-grams with the same beginning share the work on it.

    For methods that score exactly, of a model that has a step, and targets that are read at the n-gram's last word.
    """

    step: Callable[..., Any]  # (params, state, ids[batch, time], edits) -> (output, activations, state)
    state: Any  # of one text, before the n-gram (behind a prompt, if there is one), with room for its words


class Find(Protocol):
    """The folder's verb; a method may have options of its own beside these, such as `settings`."""

    def __call__(
        self,
        key: Array,
        forward: Forward,
        params: Params,
        targets: Target,
        ngrams: Tokens,
        candidates: Bool[Any, "vocab"],
        *,
        k: int = 1,
        budget: int = BUDGET,
        progress: Progress | None = None,
        mesh: Mesh | None = None,
    ) -> Found:
        """Find the best n-grams of each target.

        Args:
            key: the random key; each target folds its own from it.
            forward: the model.
            params: its weights.
            targets: one target with stacked leaves, a row per target.
            ngrams: the corpus's distinct n-grams, `[ngram, time]`; their width is the length searched for.
            candidates: the words an n-gram may be made of.
            k: how many n-grams to keep per target.
            budget: bytes of working memory.
            progress: called with what is done, and all there is.
            mesh: devices that share the work.
        """
        ...
