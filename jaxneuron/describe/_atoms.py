"""What formulas are made of: facts about a word, its neighbours, its spelling and its place."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool

from jaxneuron.corpora import labelled
from jaxneuron.corpora.enclosed import PARENTHESES, QUOTES, Marks, enclosed
from jaxneuron.corpora.labelled import ABSENT, Labelled
from jaxneuron.describe import _forms, _labels_of, _words
from jaxneuron.describe._words import Words

Atoms = Callable[[Labelled], Mapping[str, Bool[np.ndarray, "token"]]]
"""Facts by name, and at which words of a text each holds; of any text the same facts."""

WORDS, NEIGHBOURS, ENDINGS, LABELS = 200, 50, 30, 100
"""The most frequent words, words before or after, endings, and labels of a layer that are facts."""

LEAST = 5
"""Words at which a fact must hold."""

SHAPES: Mapping[str, Callable[[str], bool]] = {
    "capitalised": lambda word: word[:1].isupper() and not word.isupper(),
    "all capitals": lambda word: len(word) > 1 and word.isupper(),
    "with a digit": lambda word: any(map(str.isdigit, word)),
    "punctuation": lambda word: not any(map(str.isalnum, word)),
    "one letter": lambda word: len(word) == 1 and word.isalpha(),
    "ten letters or more": lambda word: len(word) >= 10 and word.isalpha(),
    "with a hyphen": lambda word: "-" in word[1:-1],
}


def read(text: Labelled) -> Atoms:
    """Choose facts by what is frequent in a text, and return what tells them of any other."""
    words = _words.of(text)
    forms = _forms.read(words)
    often = np.argsort(-forms.count, kind="stable")
    often = often[forms.count[often] >= LEAST].tolist()
    names = list(forms.folded)
    ends = Counter(word[-size:] for word in names for size in (2, 3) if word.isalpha() and len(word) > size + 1)
    endings = [ending for ending, count in ends.most_common(ENDINGS) if count >= LEAST]
    labels = {
        layer: [label for label, count in counted.most_common(LABELS) if count >= LEAST and label != ABSENT]
        for layer, counted in ((layer, Counter(labelled.of_words(text, layer))) for layer in _labels_of.layers(text))
    }

    def facts(other: Labelled) -> dict[str, Bool[np.ndarray, "token"]]:
        given = _words.of(other)
        number = _forms.folded(forms, given)
        found = {f"“{forms.usual[names[one]]}”": number == one for one in often[:WORDS]}
        for offset, word in ((-1, "after"), (1, "before")):
            near = _forms.beside(number, given, offset, -2)
            found |= {f"{word} “{forms.usual[names[one]]}”": near == one for one in often[:NEIGHBOURS]}
        for layer, known in labels.items():
            values = np.array(labelled.of_words(other, layer))
            found |= {_labels_of.named(layer, label): values == label for label in known}
        found |= {shape: np.array([test(word) for word in given.word]) for shape, test in SHAPES.items()}
        lower = [word.lower() for word in given.word]
        found |= {f"ending in -{end}": np.array([word.endswith(end) for word in lower]) for end in endings}
        return found | _places(other, given)

    return facts


def _places(text: Labelled, words: Words) -> dict[str, Bool[np.ndarray, "token"]]:
    """Return which words stand at the ends of a sentence, in parentheses or in quotation marks."""
    last = words.length[words.text] - 1 - words.place
    return {
        "the first word": words.place == 0,
        "the second word": words.place == 1,
        "the last word": last == 0,
        "the last word but one": last == 1,
        "in parentheses": _inside(text, PARENTHESES),
        "in quotation marks": _inside(text, QUOTES),
    }


def _inside(text: Labelled, marks: Marks) -> Bool[np.ndarray, "token"]:
    return np.array([inside for words in text.sentences for inside in enclosed(words, marks)])
