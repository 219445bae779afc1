"""`jaxneuron intervene METHOD`: what happens if units are off, held, or what they are in another text.

A method says by the names of its parameters what it is given, and that decides which options its command has and how
its result is told (`KINDS`, the first that fits):

- `experts`: it writes text while the units are forced that detect a concept (`_intervene_inducing`)
- `sides`: it turns units to the side of the other value of a property (`_intervene_switching`)
- `step`: it writes text after prompts while sets of units are held, and returns a `Written` (`_intervene_writing`)
- `groups`: it reads two texts of one length, `tokens`, which is changed, and `source`, whose activations are put in, at
  `sites`, and returns a `Patched` (`_intervene_pair`)
- `pushes`: it reads texts and pushes a site along directions, by amounts; text is written under it (`_intervene_steer`)
- `directions`: it learns some on pairs of texts, and interchanges along them (`_intervene_swapped`)
- `source`: it gives units the values of another text (`_intervene_swapped`)
- `tokens`: it reads texts as they are and with sets of units changed, and returns an `Effect`, or a result of its own
  that `_intervene_text.TOLD` knows by its class (`_intervene_text`)

A kind fills the parameters that it knows where a method has them: `key` is made of --seed, `masks` or `candidates` of
the units that are named, `labels` of --class, `progress` is a bar. Whatever else stands behind the `*`, and that a
person can write, is an option of the method's own (`_signature`). A method that needs other things is of another kind:
a file `_intervene_NAME.py` with a `Given` and a function of `(method, told, given)`, and a line here.
"""

from jaxneuron.cli import (
    _intervene_inducing,
    _intervene_pair,
    _intervene_steer,
    _intervene_swapped,
    _intervene_switching,
    _intervene_text,
    _intervene_writing,
)
from jaxneuron.cli._question import Kind

KINDS = (
    Kind("experts", _intervene_inducing.intervene),
    Kind("sides", _intervene_switching.intervene),
    Kind("step", _intervene_writing.intervene),
    Kind("groups", _intervene_pair.intervene, _intervene_pair.OPTIONS),
    Kind("pushes", _intervene_steer.intervene),
    Kind("directions", _intervene_swapped.das),
    Kind("source", _intervene_swapped.interchange),
    Kind("tokens", _intervene_text.intervene, _intervene_text.OPTIONS),
)
