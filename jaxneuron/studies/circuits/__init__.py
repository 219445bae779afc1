"""Through which neurons does a verb learn its number? Circuits of subject-verb agreement, checked by patching.

Arora, Wu, Steinhardt and Schwettmann 2026 ("Language Model Circuits Are Sparse in the Neuron Basis", arXiv 2601.22594)
find that about a hundred neurons control agreement, and that neurons are as sparse a basis as dictionaries; Jafari et
al. 2025 (RelP, arXiv 2508.21258) that relevance finds them better than gradients do; Hanna et al. 2024 (arXiv
2403.17806) the same of averaged gradients. A run takes pairs of beginnings that differ in the subject's number
(`material`), finds units on one half of them by each estimate and exactly, measures on the other half how much of the
difference so many units carry (`measuring`), and says what held (`claims`).

We differ from the papers in the models, which are small; in that units count at all positions together; and in that
every estimate stands beside exact patching of every unit, and beside random units.
"""
