"""Neuron-level interpretation of NLP models in JAX: what each neuron responds to, and how sure one can be.

Start with `jaxneuron.types`, the nouns. The folders are questions: `find`, `decompose`, `evaluate`, ...
"""

__version__ = "0.1.0"
