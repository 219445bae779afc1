"""How often does each word occur, in a sentence or of an image? Captions as numbers on the host, checked.

Cost:
    None: sparse counts of captions.

Fails:
    Words are what the vocabulary has; padding must be on the right.

Peers:
    scikit-learn's CountVectorizer counts strings; here tokens.

Example:
    import numpy as np
    from jaxneuron.evaluate import word_counts
    from jaxneuron.types import Tokens

    captions = Tokens(np.array([[0, 1, 1], [2, 0, 0]]), np.array([[True, True, True], [True, False, False]]))
    print(word_counts.word_counts(captions, 3).toarray().tolist())
    #: [[1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]
"""

from typing import Any

import numpy as np
from jaxtyping import Int
from scipy import sparse

from jaxneuron.types import Tokens


def checked(tokens: Tokens, vocabulary_size: int) -> Tokens:
    """Return the tokens as host arrays `[sentence, time]`.

    Raises:
        ValueError: the ids are no matrix of whole numbers within the vocabulary, or the padding is not on the right.
    """
    ids, mask = np.asarray(tokens.ids), np.asarray(tokens.mask)
    if ids.ndim != 2 or ids.shape != mask.shape or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(
            "expected hard tokens with whole ids [sentence, time] and a mask of the same shape, "
            f"got {ids.dtype} ids {ids.shape} and a mask {mask.shape}; `corpora.vocabulary.encode` makes them"
        )
    words = ids[mask]
    if len(words) and not 0 <= words.min() <= words.max() < vocabulary_size:
        raise ValueError(
            f"expected word ids from 0 to {vocabulary_size - 1}, got {words.min()} to {words.max()}; "
            "encode the text with the same vocabulary"
        )
    if np.any(mask[:, 1:] & ~mask[:, :-1]):
        raise ValueError("expected padding on the right of each sentence, got a mask that turns true after false")
    return Tokens(ids, mask)


def word_counts(tokens: Tokens, vocabulary_size: int) -> sparse.csr_array:
    """Count each word of each sentence, `[sentence, vocab]`.

    Returns:
        Counts, most of them 0 and not stored.
    """
    ids, mask = checked(tokens, vocabulary_size)
    words = ids[mask]
    ends = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
    counts = sparse.csr_array((np.ones(len(words)), words, ends), shape=(len(ids), vocabulary_size))
    counts.sum_duplicates()
    return counts


def checked_image(image: Any, tokens: Tokens, images: int) -> Int[np.ndarray, "sentence"]:
    """Return which image each sentence describes, as a host array.

    Args:
        image: of each sentence, the number of a row of features.
        tokens: the sentences.
        images: how many rows there are.

    Raises:
        ValueError: not one image per sentence, or an image that does not exist.
    """
    image = np.asarray(image)
    if image.shape != (len(tokens.ids),):
        raise ValueError(f"expected the image of each sentence ({len(tokens.ids)} of them), got shape {image.shape}")
    if len(image) and not 0 <= image.min() <= image.max() < images:
        raise ValueError(
            f"expected image numbers from 0 to {images - 1} (the rows of features), got {image.min()} to {image.max()}"
        )
    return image


def sum_by_image(counts: sparse.csr_array, image: Int[np.ndarray, "sentence"], images: int) -> sparse.csr_array:
    """Add up the rows of the sentences of each image, `[image, vocab]`.

    Args:
        counts: `[sentence, vocab]`.
        image: of each sentence.
        images: how many there are.

    Returns:
        Counts of all sentences of each image.
    """
    n = len(image)
    captions = sparse.csr_array((np.ones(n), (image, np.arange(n))), shape=(images, n))
    return sparse.csr_array(captions @ counts)
