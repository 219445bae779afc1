"""Which search finds the strongest input of a unit, and what does it cost?

Every method of `find` is asked for the same targets of the same models, with several seeds, at several budgets, and its
scores are held against the highest that any of them found, over the forward passes that it took (`searching`). The same
is asked of random directions, and of the model with its weights shuffled: what a search gets out of these says nothing
of the model. Pairs of words are tried all, so that the optimum is known. Fluent texts are held against the corpus. The
page shows the best inputs, each word coloured by what it contributes.
"""
