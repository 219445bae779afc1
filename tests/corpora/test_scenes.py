from collections import Counter

import numpy as np
import pytest

from jaxneuron.corpora import _lexicon as lexicon
from jaxneuron.corpora import scenes

SEED, COUNT = 5, 400
NAMES = [names.split("/") for kind in lexicon.OBJECTS.values() for names in kind.words.split()]
SINGULAR, PLURAL = ({name[i] for name in NAMES} - {"sheep"} for i in (0, 1))
PICTURES = {"photo", "picture", "image", "painting"}
AROUND = PICTURES | {place.split("_")[-1] for places in lexicon.PLACES.values() for place in places.split()}


@pytest.fixture(scope="module")
def corpus():
    return scenes.generate(SEED, COUNT)


@pytest.fixture(scope="module")
def drawn():
    return scenes.draw(SEED, COUNT)


def test_features_are_what_is_true(corpus, drawn):
    assert corpus.features.shape == (COUNT, len(corpus.names)) and len(set(corpus.names)) == len(corpus.names)
    for row, scene in zip(corpus.features, drawn, strict=True):
        true = {corpus.names[i] for i in np.flatnonzero(row)}
        assert true == scene.features()
        assert {thing.name for thing in scene.things} == true & set(lexicon.OBJECTS)


def test_captions_are_true_of_their_scene(corpus, drawn):
    expressed = Counter()
    for sentence, image in zip(corpus.sentences, corpus.image, strict=True):
        said = {scenes.MEANING[word] for word in sentence if word in scenes.MEANING}
        assert said and said <= drawn[image].features(), sentence
        expressed.update(said)
    assert set(expressed) >= set(lexicon.OBJECTS) | set(lexicon.PLACES) | {"next to", "on", "behind"}


def test_attributes_belong_to_their_noun(corpus, drawn):
    checked = 0
    for sentence, image in zip(corpus.sentences, corpus.image, strict=True):
        things = {thing.name: thing for thing in drawn[image].things}
        for word, following in zip(sentence, sentence[1:], strict=False):
            if word in lexicon.COLOURS and following in SINGULAR | PLURAL:
                assert things[scenes.MEANING[following]].colour == word, sentence
                checked += 1
    assert checked > 100


def test_number_agrees(corpus, drawn):
    for sentence, image in zip(corpus.sentences, corpus.image, strict=True):
        counts = {thing.name: thing.number for thing in drawn[image].things}
        for word in sentence:
            if word in SINGULAR | PLURAL:
                assert (word in SINGULAR) == (counts[scenes.MEANING[word]] == "one"), sentence
        if sentence[0] == "the" and "and" not in sentence:  # the last verb agrees with the subject, past any relative
            verb = [word for word in sentence if word in ("is", "are")][-1]
            subject = next(word for word in sentence if word in SINGULAR | PLURAL | {"sheep"})
            assert verb == ("is" if counts[scenes.MEANING[subject]] == "one" else "are"), sentence
        for word, following in zip(sentence, sentence[1:], strict=False):
            if word in ("a", "an"):
                assert (word == "an") == (following[0] in "aeiou"), sentence
    assert any({"is", "are"} <= set(sentence) for sentence in corpus.sentences)  # attraction occurs


def test_each_relation_holds_one_way_or_is_symmetric(drawn):
    for scene in drawn:
        for fact in scene.facts:
            back = [f for f in scene.facts if (f.subject, f.object) == (fact.object, fact.subject)]
            assert [f.relation for f in back] == (["next_to"] if fact.relation == "next_to" else [])


def test_deterministic_and_independent_splits(corpus):
    again = scenes.generate(SEED, COUNT)
    assert again.sentences == corpus.sentences and np.array_equal(again.features, corpus.features)
    assert scenes.draw(SEED, 3) == scenes.draw(SEED, COUNT)[:3]
    dev, test = scenes.read("dev"), scenes.read("test")
    assert dev.sentences != test.sentences and len(dev.features) == scenes.SIZES["dev"]
    assert len(scenes.generate(1, 4, captions_per_scene=2).sentences) == 8
    with pytest.raises(ValueError, match="no split 'val'"):
        scenes.read("val")


def test_rich_enough_to_learn_from():
    train = scenes.generate(0, 1500)  # a quarter of the split: type checks make it slow here
    counts = Counter(word for sentence in train.sentences for word in sentence)
    frequencies = np.array(sorted(counts.values(), reverse=True))
    assert len(counts) >= 200 and frequencies[0] > 100 * frequencies[-1]
    assert (train.features.sum(axis=0) >= 10).all()  # every feature can be learned
    held = {name: train.features[:, i].astype(bool) for i, name in enumerate(train.names)}
    assert held["frisbee"][held["dog"]].mean() > 3 * held["frisbee"][~held["dog"]].mean()
    assert held["boat"][held["beach"]].mean() > 3 * held["boat"][~held["beach"]].mean()


def test_each_word_has_its_part_in_the_sentence():
    told, read = scenes.parsed("dev"), scenes.read("dev")
    assert told.sentences == read.sentences
    for words, tags, relations in zip(told.sentences, told.labels["upos"], told.labels["deprel"], strict=True):
        assert relations.count("root") == 1 and relations.count("nsubj") <= 3, words
        for word, tag, relation in zip(words, tags, relations, strict=True):
            assert (relation == "det") == (tag == "DET") and (relation in ("cop", "aux")) == (tag == "AUX"), words
            assert (tag == "NOUN") == (word in SINGULAR | PLURAL | {"sheep"} | AROUND), word
            assert tag != "ADJ" or relation in ("amod", "root", "acl:relcl"), words


def test_a_split_that_there_is_not_has_no_parses():
    with pytest.raises(ValueError, match="expected one of train, dev, test"):
        scenes.parsed("held")
