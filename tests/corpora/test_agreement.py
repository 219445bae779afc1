"""Sentences of a lexicon: half of their verbs are of any topic, and held-out pairs have other words."""

from jaxneuron.corpora import agreement
from jaxneuron.corpora.agreement import COMMON, SHARED, TOPICS


def test_verbs_of_any_topic_are_in_half_of_the_sentences():
    shared = {form for verb in TOPICS.shared for forms in verb for form in forms}
    assert not shared & {word for name in TOPICS.topics for word in TOPICS.words(name)}
    texts = agreement.sentences(0, TOPICS, 2000)
    assert abs(sum(bool(shared & set(words)) for words in texts) / 2000 - SHARED) < 0.05
    assert not COMMON.shared


def test_held_out_pairs_have_other_nouns_verbs_and_kinds_of_subject():
    for of in agreement.PROPERTIES:
        sides = [[one for one in agreement.pairs(0, TOPICS, of, 200) if one.held_out == side] for side in (False, True)]
        words = [{word for one in side for word in (*one.before, *one.forms)} for side in sides]
        assert words[0] & words[1] == {"the"}
        assert not {one.kind for one in sides[0]} & {one.kind for one in sides[1]}
