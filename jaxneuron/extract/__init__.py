"""What does a model compute for the words of a text?

- `reading`: text as a model reads it, by pieces of words, words or characters, and which word each is of
- `to_store`: a corpus through a model, to a store of activations on disk
- `placing`: a corpus in batches, and whose each vector is
- `to_statistics`: a corpus through a model, to statistics of all units (`jaxneuron.atlas`), in one pass
- `framing`: an n-gram as a text of its own, for searches
- `states`: what a worker knows so far, on disk
- `summaries`: what is known of each site after a pass, with what units do around their exemplars
"""
