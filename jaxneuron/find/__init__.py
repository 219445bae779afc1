"""What makes a neuron fire? Find the n-grams that drive a target most.

Every module has one verb, `find`, which takes many targets at once; pick one by what it costs and promises:

- `corpus`: try every n-gram of a corpus; nothing unseen, nothing missed
- `embedding`: gradient ascent on word vectors, then the nearest words
- `logit`: gradient ascent on unbounded word weights
- `softmax`: gradient ascent on word distributions
- `gumbel_softmax`: the same with sampling noise that is annealed away, so that the optimum is a real n-gram

All but `corpus` follow Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.
"""

from typing import Any, Protocol

from jax.sharding import Mesh
from jaxtyping import Array, Bool

from jaxneuron.batching import BUDGET, Progress
from jaxneuron.types import Forward, Found, Params, Target, Tokens


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
