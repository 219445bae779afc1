"""The gates of a recurrent model as sites: those of an LSTM's layers, and of a GRU.

A gate is a share, from 0 to 1, of something: `lstm0/enter/open` is the share, and `lstm0/enter/in` the candidate that
it is a share of. An LSTM has `enter` (of the candidate), `keep` (of the cell before) and `leave` (of the cell's tanh);
a GRU has `enter`, `keep` (of the state before) and `recall` (of what the candidate is made of). Edits of both act at
every step. They are offered where they are asked for only: they are six more sites of each layer.
"""

from jaxneuron_models import imaginet, lstm_lm
from jaxneuron_models.imaginet import ImaginetConfig
from jaxneuron_models.lstm_lm import LstmConfig
from jaxneuron_models.model import Model
from jaxneuron_models.pure import PureForward

OPEN = "/open"
"""The end of the names of gates."""


def with_gates(model: Model) -> Model:
    """Return a model whose gates are sites too; all else is as it was.

    Args:
        model: that `open` opened.

    Raises:
        ValueError: it is no LSTM and no Imaginet, or one with features or erasures among its sites.
    """
    if not isinstance(model.forward, PureForward):
        raise ValueError("the gates of a model with dictionaries or erasures are not offered; ask for them without")
    if isinstance(model.config, LstmConfig):
        return model._replace(forward=lstm_lm.build(model.config, gates=True)[0])
    if isinstance(model.config, ImaginetConfig):
        return model._replace(forward=imaginet.build(model.config, gates=True)[0])
    raise ValueError(
        f"{model.source or 'the model'} has no gates of a recurrence; an LSTM and Imaginet have. The gates of a gated "
        "MLP end in /gate"
    )
