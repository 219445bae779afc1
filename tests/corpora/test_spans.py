"""The same entities, whatever the scheme of their tags."""

import pytest

from jaxneuron.corpora.spans import scheme, spans

# Ada Lovelace | met | Bo | Cy of another | London London (two places side by side)
ENTITIES = [(0, 1, "PER"), (3, 3, "PER"), (4, 4, "ORG"), (5, 6, "LOC"), (7, 7, "LOC")]
SCHEMES = {
    "IOB2": "B-PER I-PER O B-PER B-ORG B-LOC I-LOC B-LOC",
    "IOB1": "I-PER I-PER O I-PER I-ORG I-LOC I-LOC B-LOC",
    "IOE2": "I-PER E-PER O E-PER E-ORG I-LOC E-LOC E-LOC",
    "IOE1": "I-PER I-PER O I-PER I-ORG I-LOC E-LOC I-LOC",
    "BIOES": "B-PER E-PER O S-PER S-ORG B-LOC E-LOC S-LOC",
    "BILOU": "B-PER L-PER O U-PER U-ORG B-LOC L-LOC U-LOC",
    "BMES": "B-PER E-PER O S-PER S-ORG B-LOC E-LOC S-LOC",
    "BMEWO": "B-PER E-PER O W-PER W-ORG B-LOC E-LOC W-LOC",
}


@pytest.mark.parametrize("tags", SCHEMES.values(), ids=SCHEMES)
def test_every_scheme_says_the_same(tags):
    assert [tuple(span) for span in spans(tags.split())] == ENTITIES
    assert scheme(tags.split()) is not None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-A I-A O I-A", [(0, 1), (3, 3)]),  # IO
        ("B-A I-B I-B", [(0, 0), (1, 2)]),  # another type
        ("B-A M-A M-A E-A E-A", [(0, 3), (4, 4)]),
        ("B I O B", [(0, 1), (3, 3)]),  # without types
        ("B-work-of-art I-work-of-art _", [(0, 1)]),
        ("O I-A O", [(1, 1)]),
        ("S-A I-A", [(0, 0), (1, 1)]),
        ("O O", []),
    ],
)
def test_what_goes_on_and_what_begins(tags, expected):
    assert [(first, last) for first, last, _ in spans(tags.split())] == expected


@pytest.mark.parametrize("tags", ["O PER-B PER-I", "NOUN VERB", "B-A X-A", "b-per i-per", "B-A L-A S-A", "O O", "B- O"])
def test_other_labels_are_no_scheme(tags):
    assert scheme(tags.split()) is None


def test_an_unknown_tag_is_named():
    with pytest.raises(ValueError, match="the tag 'PER-B' is of no scheme known"):
        spans(["O", "PER-B"])
