"""What does a model compute for the words of a text?

- `to_store`: a corpus through a model, to a store of activations on disk
"""
