"""Plain text from files, by words or by characters."""

import re

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Split text into lower-case words without punctuation, as the captions of Vendrov et al. 2016 were prepared.

    A word is a run of letters and digits of any script; an apostrophe counts inside a word only.

    Example:
        >>> words("A man's dog, on the beach!")
        ['a', "man's", 'dog', 'on', 'the', 'beach']
    """
    return _WORD.findall(text.lower().replace("\u2019", "'"))
