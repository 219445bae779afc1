"""What an evaluation takes, made of a model and a labelled text: parts, an order of the units, a probe and the like.

Each public attribute of `Labelled` has the name and the meaning of a parameter, and is made when it is asked for. So a
new evaluation that takes no more than these is a command at once.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from jaxneuron.cli._parts import Parts
from jaxneuron.cli._views import Active, Rows

SAMPLE = 5000
"""Rows on which clusters are made."""


@dataclass
class Labelled:
    """A labelled text as a model reads it."""

    _model: Any
    _sentences: list[list[str]]
    _each: str  # what has a label: word or text
    _classes: Any  # [row], all labels as numbers, or booleans
    _names: list[str]  # of the labels
    _parts: Parts
    _table: Any  # store.Joined [row unit]
    _takes: tuple[str, ...]
    _methods: tuple[str, ...]  # of jaxneuron.rank
    _share: float  # of the rows, at which a unit counts as active
    _clusters: int | None  # how many; None: as many as labels, or a tenth of the units
    _seed: int
    _open: ExitStack  # what is to be closed in the end

    def _part(self, rows: Any) -> tuple[Any, Any]:
        return Rows(self._table, rows), self._parts.classes[rows]

    @property
    def _fitted(self) -> bool:
        """Whether something is measured that was fitted to the training rows."""
        return bool({"probe", "logits"} & set(self._takes))

    @cached_property
    def key(self) -> Any:
        """The random key."""
        import jax

        return jax.random.key(self._seed)

    @cached_property
    def train(self) -> Any:
        """Activations and labels to fit on."""
        return self._part(self._parts.train)

    @cached_property
    def dev(self) -> Any:
        """Activations and labels to choose by."""
        return self._part(self._parts.dev)

    @cached_property
    def test(self) -> Any:
        """Activations and labels to measure on."""
        return self._part(self._parts.test)

    @cached_property
    def parts(self) -> Any:
        """What a probe is fitted on and measured on."""
        from jaxneuron.evaluate.probes import Parts as Data

        return Data(self.train, self.test)

    @property
    def activations(self) -> Any:
        """Of all rows; for what is fitted already, of those to measure on."""
        return self.test[0] if self._fitted else self._table

    @property
    def labels(self) -> Any:
        """Of `activations`."""
        return self.test[1] if self._fitted else self._classes

    @property
    def label(self) -> Any:
        """Of all rows."""
        return self._classes

    @property
    def words(self) -> tuple[list[str], list[str]]:
        """Of the training rows, and of those to measure on."""
        sentences = self._sentences
        rows = [word for one in sentences for word in one] if self._each == "word" else list(map(" ".join, sentences))
        return [rows[row] for row in self._parts.train], [rows[row] for row in self._parts.test]

    @property
    def layers(self) -> dict[str, int]:
        """The units of each site."""
        return {site: own.stop - own.start for site, own in self._table.sites.items()}

    @cached_property
    def rankings(self) -> list[Any]:
        """An order of the units by each method, from the training rows."""
        from jaxneuron.ranking import overall

        found = [import_module(f"jaxneuron.rank.{name}").rank(self.key, *self.train) for name in self._methods]
        return [overall(one if hasattr(one, "score") else one[0]) for one in found]

    @property
    def ranking(self) -> Any:
        """An order of the units, from the training rows."""
        return self.rankings[0]

    @property
    def order(self) -> Any:
        """The units, best first."""
        return self.ranking.order

    @cached_property
    def probe(self) -> Any:
        """A linear probe of all units."""
        from jaxneuron.rank import linear

        return linear.fit(self.key, *self.train)

    @property
    def logits(self) -> Any:
        """What the probe says of each row to measure on, `[row label]`."""
        import numpy as np

        from jaxneuron.rank import linear

        table = self.test[0]
        blocks = [table[start : start + 4096] for start in range(0, len(table), 4096)]
        return np.concatenate([np.asarray(linear.logits(self.probe, block)) for block in blocks])

    @property
    def truth(self) -> Any:
        """Where each label holds, of the rows to measure on."""
        import numpy as np

        labels = self.test[1]
        return labels[:, None] if labels.dtype == bool else labels[:, None] == np.arange(len(self._parts.names))

    @property
    def score(self) -> Any:
        """How well each unit alone tells the label; for what has a truth, what the probe says of each row."""
        if "truth" in self._takes:
            return self.logits
        from jaxneuron.rank import single_neuron

        return single_neuron.rank(self.key, self._table, self._classes, by="balanced").score.mean(axis=0)

    @property
    def masks(self) -> Any:
        """The units to be taken away: no, one and more of the first, the last and random ones, `[order k unit]`."""
        import jax
        import numpy as np

        from jaxneuron.evaluate import ablation

        counts = [0, *steps(self._table.shape[1])]
        top, bottom, random = ablation.masks(jax.random.fold_in(self.key, 1), np.asarray(self.order), counts)
        return np.stack([top, bottom, random[0]])

    @property
    def untrained(self) -> tuple[Any, Any]:
        """Activations of the same text by the model with its weights in another order, to fit and to measure on."""
        import jax

        from jaxneuron.cli import _activations

        leaves, tree = jax.tree.flatten(self._model.params)
        keys = jax.random.split(jax.random.fold_in(self.key, 2), len(leaves))
        pairs = zip(keys, leaves, strict=True)
        mixed = [jax.random.permutation(key, leaf.ravel()).reshape(leaf.shape) for key, leaf in pairs]
        other, pool = self._model._replace(params=tree.unflatten(mixed)), None if self._each == "word" else "mean"
        sites = list(self._table.sites)
        held = self._open.enter_context(_activations.of_words(other, self._sentences, sites, None, pool=pool))
        return Rows(held.joined(*sites), self._parts.train), Rows(held.joined(*sites), self._parts.test)

    @property
    def active(self) -> Any:
        """Where each unit is among its highest."""
        return Active(self._table, self._share)

    @property
    def concepts(self) -> Any:
        """Where each label holds, of all rows."""
        import numpy as np

        classes = self._classes
        return classes[:, None] if classes.dtype == bool else classes[:, None] == np.arange(len(self._names))

    @cached_property
    def tokens(self) -> Any:
        """The text as the model reads it."""
        from jaxneuron.extract import reading

        return reading.read(self._model, self._sentences).tokens

    @property
    def vocabulary_size(self) -> int:
        """How many symbols the model knows."""
        return len(self._model.vocabulary.words)

    @cached_property
    def groups(self) -> Any:
        """The cluster of each unit by correlation on the first training rows."""
        from jaxneuron.decompose import correlation_clusters

        sample = self.train[0][:SAMPLE]
        tree = correlation_clusters.tree(sample, absolute=True, linkage="average")
        return correlation_clusters.cut(tree, groups=self._clusters or max(2, sample.shape[1] // 10))

    @cached_property
    def clusters(self) -> Any:
        """The cluster of each row, by k-means."""
        import numpy as np
        from sklearn.cluster import MiniBatchKMeans

        count, rows = self._clusters or len(np.unique(self._classes)), self._table.shape[0]
        if count > rows:
            raise ValueError(f"--clusters {count}: there are {rows} {self._each}s; give fewer, or more text")
        kmeans: Any = MiniBatchKMeans  # its stubs know no number of starts
        fitted = kmeans(count, random_state=self._seed, n_init=3)
        draw = np.sort(np.random.default_rng(self._seed).permutation(rows)[: max(SAMPLE, 10 * count)])
        fitted.fit(self._table[draw])
        return np.concatenate([fitted.predict(self._table[start : start + SAMPLE]) for start in range(0, rows, SAMPLE)])

    @property
    def memberships(self) -> Any:
        """The cluster of each row."""
        return self.clusters

    @property
    def sums(self) -> Any:
        """What the model predicts without the units of `masks`, and with all, `[order k text label]`."""
        from jaxneuron.cli import _without

        return _without.sums(self._model, self.tokens, self.masks, next(iter(self._table.sites)))


MADE = frozenset(name for name in vars(Labelled) if not name.startswith("_"))
"""The parameters that can be made."""

WHOLE = {
    *("key", "activations", "labels", "label", "score", "layers", "active", "concepts", "tokens", "vocabulary_size"),
    *("clusters", "memberships"),
}
"""Those of them that are of the whole text, where nothing is fitted to a part of it."""

SPLIT = MADE - WHOLE
"""Those for which the text is taken apart."""


def steps(units: int) -> list[int]:
    """Return how many units are tried: 1, 2, 5, 10 and so on, up to all.

    Example:
        >>> steps(12)
        [1, 2, 5, 10, 12]
    """
    found = [step * 10**power for power in range(len(str(units))) for step in (1, 2, 5)]
    return [*(k for k in found if k < units), units]
