"""How is a concept taken out? An affine map after which no linear probe finds it, as an edit of any site.

Every module has one verb, `erase`, and returns an `edits.Project`: it moves activations to their mean along as many
directions as the concept needs, and leaves all others as they were. It is an `Edit`, so a model that runs under it runs
without the concept; `Erased` are the activations of a table under it, for probes.

- `leace`: all that any linear probe could find, and the least change that does so (least-squares concept erasure)
- `inlp`: the directions of one probe after another (iterative nullspace projection)
- `random`: as many directions at random: what is lost because anything was taken out

An erasure is kept by `write` and `read`, and `without` makes a model of a model and an erasure.

Each also has `init`, `update`, `merge` and `finish`, for words that come a block at a time, in any split and order.
"""

from typing import Any, Protocol

from jaxtyping import Array, Shaped

from jaxneuron.edits import Project
from jaxneuron.erase._folder import SETTINGS as SETTINGS
from jaxneuron.erase._folder import Stored as Stored
from jaxneuron.erase._folder import read as read
from jaxneuron.erase._folder import write as write
from jaxneuron.erase._table import Erased as Erased
from jaxneuron.erase._without import Lessened as Lessened
from jaxneuron.erase._without import Without as Without
from jaxneuron.erase._without import without as without
from jaxneuron.erase._without import without_step as without_step
from jaxneuron.table import Table


class Erase(Protocol):
    """The folder's verb."""

    def __call__(
        self, key: Array | None, activations: Table, labels: Shaped[Any, "token *label"], **options: Any
    ) -> Project:
        """Return the edit that takes out what the labels say."""
        ...
