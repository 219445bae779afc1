"""What stands between marks."""

import pytest

from jaxneuron.corpora.enclosed import PARENTHESES, QUOTES, enclosed


@pytest.mark.parametrize(
    ("text", "marks", "inside"),
    [
        ('he said " no way " and left', QUOTES, "no way"),
        ("`` one '' and “ two ” and „ drei “ and « quatre »", QUOTES, "one two drei quatre"),
        ('a stray " closes nothing', QUOTES, ""),
        ("'' neither does one that only closes", QUOTES, ""),
        ('" a " b " c', QUOTES, "a"),
        ('" a ( b ) "', QUOTES, "a ( b )"),
        ("( a ( b ) c ) d", PARENTHESES, "a b c"),
        ("a ) b ( c", PARENTHESES, ""),
        ("( a ( b ) c", PARENTHESES, "b"),
        ("-LRB- a -RRB- b [ c ] d", PARENTHESES, "a c"),
        ('" "', QUOTES, ""),
    ],
)
def test_a_word_is_inside_where_both_marks_are(text, marks, inside):
    words = text.split()
    found = enclosed(words, marks)
    assert [word for word, one in zip(words, found, strict=True) if one] == inside.split()
