"""Which units turn number and tense, and which make a model write of a concept? On an LSTM and a causal transformer.

The manipulations of Sajjad, Durrani and Dalvi's tutorial: switch neurons (Bau et al. 2019, arXiv 1811.01157), turned
while the model has to choose a verb (`turning`), and concepts that are induced by k forced experts (Suau et al. 2020,
arXiv 2005.07647) while it writes (`inducing`). Units are found on other nouns, verbs and kinds of sentence than they
are tested on. `study` has these parts in their order, `results` what they leave.
"""
