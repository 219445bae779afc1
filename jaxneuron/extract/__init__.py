"""What does a model compute for the words of a text?

- `reading`: text as a model reads it, by pieces of words, words or characters, and which word each is of
- `to_store`: a corpus through a model, to a store of activations on disk
"""
