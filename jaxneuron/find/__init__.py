"""What makes a neuron fire? Find the n-grams that drive a target most.

Every module has one verb, `find`, which takes many targets at once; pick one by what it costs and promises:

- `corpus`: try every n-gram of a corpus; nothing unseen, nothing missed
- `embedding`: gradient ascent on word vectors, then the nearest words
- `logit`: gradient ascent on unbounded word weights
- `softmax`: gradient ascent on word distributions
- `gumbel_softmax`: the same with sampling noise that is annealed away, so that the optimum is a real n-gram

All but `corpus` follow Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.
"""
