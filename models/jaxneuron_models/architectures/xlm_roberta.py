"""XLM-RoBERTa (Conneau et al. 2020, arXiv 1911.02116) and CamemBERT (Martin et al. 2020, arXiv 1911.03894): RoBERTa."""

from jaxneuron_models.architectures import bert, roberta

ARCHITECTURE = roberta.ARCHITECTURE._replace(
    settings=roberta.ARCHITECTURE.settings | {"vocab_size": bert.SETTINGS["vocab_size"]}
)
