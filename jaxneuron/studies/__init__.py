"""The papers, end to end: each study trains or loads its model, runs its methods and writes a report.

- `poerner2018`: which 5-grams drive a neuron most, by corpus search and four kinds of gradient ascent
- `kadar2017`: what two pathways of one model keep of a sentence, by the words that they miss and the contexts they tell
- `concepts`: which neurons carry a property of words, by many rankings, probes and ablations
- `dni2018`: which neurons of an LSTM compute what a grammar, a parser or a program says
- `recurrence`: which neurons of an LSTM recur when it is trained again
- `redundancy`: which layers and units say what others say already, and how few a task needs
- `switch`: which units turn number and tense, and which make a model write of a concept
- `attribution`: what a prediction rests on, for labels of texts and for spans in them
- `embeddings`: what units of static vectors and of contextual models hold, and where in a model they lie
- `translation`: which units of an encoder turn the tense, the number and the gender of a translation

`captioned` has what studies of captions share, the captions and the model that reads them.

A study is a value, `Study`, in a folder of its own; `running` does its work. What one may ask of it is its `Command`,
which is found and read without JAX, so that nothing here imports it.
"""

import sys

from jaxneuron.studies import _study
from jaxneuron.studies._study import Claim, Command, Existing, Option, Page, Study, Trained, options

__all__ = ["Claim", "Command", "Existing", "Option", "Page", "Study", "Trained", "find", "options"]


def find() -> dict[str, Command]:
    """Return the command of each study, by its name.

    Example:
        >>> {"attribution", "poerner2018"} <= find().keys()
        True
    """
    return _study.find(sys.modules[__name__])
