"""Which published architectures are read, and what each calls its settings and its tensors: one file per family.

A family is data: a rule for every key of its `config.json` (`settings.py`), the name of every tensor, and its heads
(`architecture.py`). Names and settings as in `transformers` 5 (Wolf et al. 2020). `pretrained.py` reads the tables.
"""

from jaxneuron_models.architectures import (
    albert,
    bart,
    bert,
    deberta_v2,
    distilbert,
    electra,
    gpt2,
    gpt_neox,
    llama,
    marian,
    modernbert,
    mpnet,
    roberta,
    t5,
    xlm_roberta,
)
from jaxneuron_models.architectures.architecture import Architecture

ARCHITECTURES: dict[str, Architecture] = {
    "bert": bert.ARCHITECTURE,
    "roberta": roberta.ARCHITECTURE,
    "xlm-roberta": xlm_roberta.ARCHITECTURE,
    "camembert": xlm_roberta.ARCHITECTURE,
    "electra": electra.ARCHITECTURE,
    "mpnet": mpnet.ARCHITECTURE,
    "albert": albert.ARCHITECTURE,
    "deberta-v2": deberta_v2.ARCHITECTURE,
    "modernbert": modernbert.ARCHITECTURE,
    "distilbert": distilbert.ARCHITECTURE,
    "gpt2": gpt2.ARCHITECTURE,
    "gpt_neox": gpt_neox.ARCHITECTURE,
    "llama": llama.ARCHITECTURE,
    "marian": marian.ARCHITECTURE,
    "bart": bart.ARCHITECTURE,
    "t5": t5.ARCHITECTURE,
}
"""By the `model_type` of config.json."""
