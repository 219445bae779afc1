"""What does counting words make of a text? The least that a trained model must beat.

- `unigram`: predicts words without looking at what comes before
- `kneser_ney`: predicts words from the two before them
- `word_count_ridge`: predicts a scene from which words are in its caption
"""
