"""What a question about concepts takes, made of a model, a text and the concepts that are named in it.

Each public attribute of `Conceptual` has the name and the meaning of a parameter, and is made when it is asked for. So
a new method that takes no more than these is a command at once.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from jaxneuron.cli import _gradient, _named
from jaxneuron.cli._named import EXAMPLES, Named


@dataclass
class Conceptual:
    """Concepts in a text as a model reads it, and texts that are explained by them."""

    _model: Any
    _read: Any  # _inputs.Read
    _named: Named
    _texts: list[list[str]]  # that are explained
    _store: Any  # [row unit] at each site
    _sites: list[str]
    _given: Any  # concepts.Given
    _report: Any  # of stages

    @cached_property
    def key(self) -> Any:
        """The random key."""
        import jax

        return jax.random.key(self._given.seed)

    @cached_property
    def gradients(self) -> dict[str, Any]:
        """The gradient of each explained text's target, at each site."""
        progress, found = self._report(f"gradients of {len(self._texts)} texts"), {}
        for number, site in enumerate(self._sites):
            found[site] = _gradient.of_texts(self._model, self._texts, site, self._given.target, self._given.position)
            progress(number + 1, len(self._sites))
        return found

    @property
    def gradient(self) -> Any:
        """The same at the one site."""
        return self.gradients[self._sites[0]]

    @cached_property
    def concepts(self) -> dict[str, Any]:
        """Examples of each concept."""
        return {name: self._examples(rows) for name, rows in self._named.concepts.items()}

    @cached_property
    def random(self) -> Any:
        """Examples of none."""
        return self._examples(_named.others(self._named, self._read, self._given.seed))

    def _examples(self, rows: Any) -> Any:
        from jaxneuron.concepts.tcav import Examples

        return Examples({site: self._at(site, rows) for site in self._sites})

    def _at(self, site: str, rows: Any) -> Any:
        import numpy as np

        return np.asarray(self._store[site][rows], np.float32)

    @cached_property
    def directions(self) -> Any:
        """The direction of each concept at the one site, `[concept unit]`."""
        import numpy as np

        from jaxneuron.concepts import tcav

        concepts = list(self._named.concepts.values())
        every = [
            *concepts,
            _named.others(self._named, self._read, self._given.seed, least=4 if len(concepts) < 2 else 0),
        ]
        labels = np.repeat(np.arange(len(every)), list(map(len, every)))
        member = labels == np.arange(len(concepts))[:, None]
        return np.asarray(tcav.fit(self._at(self._sites[0], np.concatenate(every)), member).weights)[:, 0]

    @cached_property
    def spans(self) -> Any:
        """Stretches of the text at the one site."""
        from jaxneuron.concepts import discovery, tcav
        from jaxneuron.types import Tokens

        [site] = self._sites
        found = tcav.examples(self._model.forward, self._model.params, Tokens(*self.text.tokens), [site], pool="token")
        return discovery.spans(found.activations[site], self.text.word >= 0)

    @cached_property
    def text(self) -> Any:
        """The text as the model reads it."""
        from jaxneuron.extract import reading

        return reading.read(self._model, self._read.sentences)

    @cached_property
    def units(self) -> Any:
        """The order of the units for each concept, from the whole text."""
        import numpy as np

        total = self._store[self._sites[0]].shape[0]
        labels = np.stack([np.isin(np.arange(total), rows) for rows in self._named.concepts.values()], axis=1)
        method = import_module(f"jaxneuron.rank.{self._given.rank}")
        found = method.rank(self.key, self._store[self._sites[0]], labels)
        return found if hasattr(found, "score") else found[0]

    @cached_property
    def attribution(self) -> Any:
        """What the units of the one site did for each explained text's target, `[text unit]`."""
        import jax
        import numpy as np

        from jaxneuron.cli import _explained
        from jaxneuron.cli._explaining import Explain

        attribute = import_module(f"jaxneuron.attribute.{self._given.method}").attribute
        [site], given, rows = self._sites, self._given, []
        progress = self._report(f"{given.method} of {len(self._texts)} texts")
        for number, sentence in enumerate(self._texts):
            found = _explained.explain(self._model, sentence, site, given.target, given.position)
            explain = Explain(attribute, "", found.f, found.baseline("zero"), found.mask(), jax.random.key(given.seed))
            rows.append(np.asarray(explain(found.x), np.float32)[0].sum(0))
            progress(number + 1, len(self._texts))
        return np.stack(rows)

    @property
    def forward(self) -> Any:
        """The model."""
        return self._model.forward

    @property
    def params(self) -> Any:
        """Its weights."""
        return self._model.params

    @cached_property
    def tokens(self) -> Any:
        """The explained texts as the model reads them."""
        return self._explained.tokens

    @cached_property
    def _explained(self) -> Any:
        from jaxneuron.cli import _inputs

        return _inputs.beginnings(self._model, self._texts)

    @property
    def _fitted(self) -> int:
        """The first word of the text that erasures are fitted on: explained texts that are of it are left out."""
        return 0 if self._given.text else sum(map(len, self._texts))

    @cached_property
    def erasers(self) -> dict[str, Any]:
        """The erasure of each concept, fitted on the words of texts that are not explained."""
        import jax
        import numpy as np

        [site], given = self._sites, self._given
        erase = import_module(f"jaxneuron.erase.{given.eraser}").erase
        found, first = {}, self._fitted
        values = np.asarray(self._store[site][first:], np.float32)
        for number, name in enumerate(self._named.concepts):
            here = self._here(name)[first:]
            if not here.any() or here.all():
                raise ValueError(
                    f"{name} is at {'all' if here.size and here.all() else 'none'} of the {len(here):,} words "
                    "of the texts that are not explained, from which it is learnt; give more text, or fewer "
                    "as --explained"
                )
            found[name] = erase(jax.random.fold_in(self.key, number), values, here)
        return found

    def _here(self, name: str) -> Any:
        """Return at which words of the text a concept is, all of them."""
        import numpy as np

        total = sum(map(len, self._read.sentences))
        if name in self._named.names:
            return self._named.classes == self._named.names.index(name)
        return np.isin(np.arange(total), self._named.concepts[name])

    @property
    def truth(self) -> Any:
        """What is right in the explained texts, and where the concepts are."""
        import numpy as np

        from jaxneuron.concepts.amnesic import Truth

        text = self._explained
        answers = None
        if self._model.head == "next word":
            after = np.asarray(text.tokens.ids)[:, 1:]
            answers = np.pad(np.where(text.tokens.mask[:, 1:], after, -1), [(0, 0), (0, 1)], constant_values=-1)
        if self._given.text:
            return Truth(answers)
        starts = np.cumsum([0, *map(len, self._texts)])[:-1, None]
        word = np.asarray(text.word)
        place = np.where(word >= 0, word + starts, 0)
        labelled = {name: np.where(word >= 0, self._here(name)[place], -1) for name in self._named.concepts}
        return Truth(answers, labelled)

    @property
    def head(self) -> Any:
        """What is explained: the model's own head, or a probe of the layer of labels."""
        return self._head[0]

    @property
    def activations(self) -> Any:
        """Of examples that the recovery is fitted on."""
        return self._head[1][0]

    @property
    def labels(self) -> Any:
        """What the head says of them; of a probe, what is right."""
        return self._head[1][1]

    @property
    def test(self) -> Any:
        """Other examples and their labels."""
        return self._head[2]

    @property
    def own(self) -> bool:
        """Whether the model's own head is explained."""
        return self._head[3]

    @cached_property
    def _head(self) -> tuple[Any, Any, Any, bool]:
        import jax
        import jax.numpy as jnp
        import numpy as np

        from jaxneuron.cli import _pointwise
        from jaxneuron.rank import linear

        [site] = self._sites
        total = self._store[site].shape[0]
        rows = np.random.default_rng((self._given.seed, 2)).permutation(total)[:EXAMPLES]
        learn, other = rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :]
        head = None if self._given.labels else _pointwise.head(self._model, site, self._texts[0])
        if head is not None:
            seen = [(x, np.asarray(head(x)).argmax(-1)) for x in (self._at(site, learn), self._at(site, other))]
            return head, seen[0], seen[1], True
        if self._named.classes is None:
            raise ValueError(
                f"what follows {site!r} has no head, or reads other words too, and {self._read.name} has no labels "
                "that a probe could tell in its place; give labelled --data, or a model with a head and its last site"
            )
        kept = np.unique(self._named.classes[learn])
        other = other[np.isin(self._named.classes[other], kept)]
        sides = [(self._at(site, part), np.searchsorted(kept, self._named.classes[part])) for part in (learn, other)]
        probe = linear.fit(self.key, *sides[0])
        return jax.tree_util.Partial(_logits, *map(jnp.asarray, probe[:4])), sides[0], sides[1], False


def _logits(weights: Any, bias: Any, mean: Any, scale: Any, x: Any) -> Any:
    """Return what a probe says."""
    return (x - mean[None]) / scale[None] @ weights.T + bias[None]


MADE = frozenset(name for name in vars(Conceptual) if not name.startswith("_"))
"""The parameters that can be made."""
