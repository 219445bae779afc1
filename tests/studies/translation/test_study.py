"""The study of translations with a model whose units are known: it finds them, and what it leaves says so."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.corpora import vocabulary
from jaxneuron.studies import _finished, running
from jaxneuron.studies.translation import grammar, material, page, presets, training
from jaxneuron.studies.translation.claims import claims
from jaxneuron.studies.translation.presets import Preset
from jaxneuron.studies.translation.results import Results
from jaxneuron.studies.translation.study import STUDY
from jaxneuron_models.encoder_decoder_config import EncoderDecoderConfig

MICRO = Preset(
    200, {"width": 8, "encoder_blocks": 1, "encoder_heads": 1}, 1, batch=20, asked=30, counts=(1, 2), draws=2
)
UNITS = {"tense": 1, "number": 4, "gender": 6}
SITE = "encoder/embed"


def forward(params, text, edits):
    return None, {SITE: params[text.source.ids]}


class Planted(training.Pupil):
    """Reads words whose vectors tell a property in one unit each, and writes what these units say."""

    def __new__(cls, given):
        said = [*given.train, *given.dev, *given.asked]
        sentences = [grammar.english(one) for one in said]
        known = vocabulary.build(sentences)
        table = np.random.default_rng(0).normal(size=(len(known.words), 8)) / 10
        for one, words in zip(said, sentences, strict=True):
            for of, unit in UNITS.items():
                for place in grammar.bearing(one, of):
                    table[known.words.index(words[place]), unit] = 2 * grammar.value(one, of) - 1
        config = EncoderDecoderConfig(vocabulary=len(known.words), width=8, encoder_blocks=1, encoder_heads=1)
        self = super().__new__(cls, forward, jnp.asarray(table, jnp.float32), config, (known, known))
        self.said = {" ".join(words): one for words, one in zip(sentences, said, strict=True)}
        return self

    def source(self, sentences):
        return vocabulary.encode(self.vocabularies[0], sentences, length=training.LONGEST)

    def write(self, source, edits=None):
        states = np.asarray(self.params)[source.ids]
        if edits:
            states = states + np.asarray(edits[SITE].amount)
        words, found = self.vocabularies[0].words, []
        for ids, mask, state in zip(source.ids, source.mask, states, strict=True):
            said = self.said[" ".join(words[one] for one in ids[mask])]
            for of, unit in UNITS.items():
                place = grammar.bearing(said, of)[0]
                if (state[place, unit] > 0) != grammar.value(said, of):
                    said = grammar.turned(said, of)
            found.append(grammar.other(said))
        return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("study") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "micro", MICRO)
        patch.setattr(material, "pupil", lambda given, *rest: Planted(given))
        patch.setattr("jaxneuron.studies.translation.turning.sites", lambda pupil: [SITE])
        yield directory, running.run(directory, STUDY, preset="micro")


def test_the_planted_units_turn_the_translations(finished):
    results: Results = finished[1].results
    assert results.translator is not None and results.translator.right == 1
    for row, told in zip(results.switches, results.telling, strict=True):
        assert row.units == [UNITS[row.of]] and row.turned == row.words == 1 and row.random == row.same == 0
        assert set(row.kinds.values()) == set(row.values.values()) == {1} and row.low > 0.8
        assert all(one.after == one.wanted != one.before for one in row.examples)
        assert told.unit == UNITS[row.of] and told.auroc > 0.8
    held = list(claims(results))
    assert [claim.holds for claim in held if "random" in claim.claim] == [True] * 3
    assert held[-1].holds is False and held[-1].figure == [1, 1, 1]  # none is turned more often than another


def test_a_run_leaves_its_page(finished):
    directory, content = finished
    assert _finished.read(directory, STUDY) == content
    text = (directory / "report.html").read_text(encoding="utf-8")
    assert all(f'class="chart" id="{name}"' in text for name in page.content(content)["charts"])
    assert "Tense: 1 unit of encoder/embed" in page.headlines(content)[0]


def test_the_grammar_turns_one_property_and_turns_it_back():
    asked = [grammar.asked(40, 0, held_out=side) for side in (False, True)]
    assert not {one.subject.noun for one in asked[0]} & {one.subject.noun for one in asked[1]}
    assert not {one.verb for one in asked[0]} & {one.verb for one in asked[1]}
    for said in asked[0] + asked[1]:
        for of in grammar.PROPERTIES:
            other = grammar.turned(said, of)
            assert grammar.turned(other, of) == said and grammar.value(other, of) != grammar.value(said, of)
            assert len(grammar.other(other)) == len(grammar.other(said)) and grammar.other(other) != grammar.other(said)
            words = grammar.english(said), grammar.english(other)
            changed = {place for place, (one, two) in enumerate(zip(*words, strict=True)) if one != two}
            assert changed <= set(grammar.bearing(said, of))
    found = grammar.meanings(100, 0, asked[0])
    assert not set(found) & set(asked[0]) and len(set(found)) == 100


@pytest.mark.slow
def test_a_model_is_trained_and_goes_on_where_it_was_left(tmp_path):
    said = grammar.meanings(60, 0)
    pairs = [(grammar.english(one), grammar.other(one)) for one in said]
    pupil = training.fit(jax.random.key(0), pairs[:40], pairs[40:], tmp_path, MICRO, lambda what: None)
    again = training.fit(jax.random.key(0), pairs[:40], pairs[40:], tmp_path, MICRO, lambda what: None)
    source = pupil.source([one for one, _ in pairs[:2]])
    assert len(pupil.write(source)) == 2 and pupil.write(source) == again.write(source)
    assert np.array_equal(*(jax.tree.leaves(one.params)[0] for one in (pupil, again)))
