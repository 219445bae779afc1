"""Which published architectures are read, and what each calls its settings and its tensors: one file per family.

A family is data: a rule for every key of its `config.json` (`settings.py`), the name of every tensor, and its heads
(`architecture.py`). Names and settings as in `transformers` 5 (Wolf et al. 2020). `pretrained.py` reads the tables.
"""

from jaxneuron_models.architectures import bert, distilbert, gpt2, gpt_neox, llama, roberta
from jaxneuron_models.architectures.architecture import Architecture

ARCHITECTURES: dict[str, Architecture] = {
    "bert": bert.ARCHITECTURE,
    "roberta": roberta.ARCHITECTURE,
    "distilbert": distilbert.ARCHITECTURE,
    "gpt2": gpt2.ARCHITECTURE,
    "gpt_neox": gpt_neox.ARCHITECTURE,
    "llama": llama.ARCHITECTURE,
}
"""By the `model_type` of config.json."""
