"""How much of a language model says what the rest says already? Redundant layers and units, and those a task needs.

Dalvi, Sajjad, Durrani, Belinkov 2020, "Analyzing redundancy in pretrained transformer models" (arXiv 2004.04010), on
any model and labelled texts: without a task in mind (`general`: layers that are alike, units that vary together), for
each task (`tasks`: layer selection, one unit of each cluster, the fewest that are enough), and inside the model
(`missed`: what is lost without the first, the last and random units). `study` has these parts in their order, `results`
what they leave.
"""
