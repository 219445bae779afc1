"""Which neurons carry a concept? Probes, rankings and ablations of the units of a language model, on a treebank.

The questions are those of Sajjad, Durrani, Dalvi 2022, "Neuron-level interpretation of deep NLP models: a survey"
(arXiv 2108.13138), and of the papers that each claim names. A run extracts the activations of all layers (`material`),
asks what the units know (`probing`), ranks them by every method of the preset (`rankings`), crosses rankings with
probes (`protocol`), takes units away (`ablations`), compares languages (`languages`) and says what held (`claims`).
`study` has these parts in their order, `results` what they leave.
"""
