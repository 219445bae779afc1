"""Which neurons recur when a model is trained again? The same LSTM from several seeds, compared unit by unit.

Bau et al. 2019 (arXiv 1811.01157) search translation models for units that recur, and find those matter most; Gurnee et
al. 2024 (arXiv 2401.12181) count them in GPT-2 against rotated models; Kornblith et al. 2019 (arXiv 1905.00414) ask
which layers correspond. A run trains (`material`), compares every two models over held-out text (`comparing`), takes
away the units that recur most and least (`erasing`), and says what held (`claims`).

We differ from the papers in the models, which are LSTM language models that train in a minute; in the control, whose
units are divided by their standard deviations before they are rotated; and in that regressions are adjusted for the
number of units.
"""
