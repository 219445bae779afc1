"""Where does the text come from, and what is known about it?

One file per kind of text: each has a `read` that returns sentences as lists of words, with their labels.

- `captions`: image captions with visual features (COCO and its relatives)
- `scenes`: the embedded default, captions of generated scenes whose truth is known
- `text`: plain text, by words or by characters
- `huggingface`: any data set of the `datasets` library
- `vocabulary`: words to ids
- `ngrams`: every distinct n-gram of a text
"""
