"""Read a program and run it again with rules of our own: one rule per kind of operation, on whatever they carry.

`interpret(rules, f, carried)` reads the jaxpr of `f` and runs it again on `carried`, a pytree that stands for the
input: a value with a changed gradient (`attribute.lrp`), a pair of an input and its baseline (`attribute.deep_lift`), a
sum of parts (`interact.contextual_decomposition`). What does not depend on the input is computed as usual. It works on
any forward, through `jit`, `checkpoint`, custom derivatives and recurrences (`scan`), with nothing registered.

Every primitive has one place in `_kinds`; a primitive without one, or a loop or a branch whose course depends on the
input, is an error that names it. Three things are seen as wholes, since rules for their pieces would not add up:

- *what is a function of one value entry by entry* is one nonlinearity, however many primitives it takes: `x * Phi(x)`
  is GELU, not a product of two things that x feeds;
- *softmax*, in any layout: where the maximum is subtracted, the log of the sum of exponentials is subtracted in its
  place, which changes no result (`_softmax`);
- *a dense layer* is its product with a weight together with the bias that is added.

Read, not run: `memory` (what a function holds at once) and `dependence` (what can change with what), by one `walk`.
"""

from jaxneuron.jaxpr._interpret import interpret as interpret
from jaxneuron.jaxpr._rules import Rules as Rules
from jaxneuron.jaxpr._rules import linearised as linearised
from jaxneuron.jaxpr._rules import slope as slope
