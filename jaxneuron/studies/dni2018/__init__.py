"""Which neurons of an LSTM compute what a grammar or a parser says? The experiments of Deep Neural Inspection.

Sellam, Lin, Huang, Yang, Vondrick, Wu 2018. A run makes or reads text with parse trees (`languages`), trains a 1-layer
LSTM of 128 units on its symbols, or opens one (`material`), scores each unit for each hypothesis (`relevance`), takes
the best units away or puts the hypothesis in their place (`removal`), holds them while the model writes (`writing`),
and says what held (`claims`). `study` has these parts in their order, `results` what they leave.

We differ from the paper in three things: scores are balanced accuracies, of machines that weigh both sides alike, as
plain ones say little of rare labels (both are in the results); C is parsed by tree-sitter; and parentheses are
LSTMVis's random walk, as the printed grammar goes through every level once.
"""
