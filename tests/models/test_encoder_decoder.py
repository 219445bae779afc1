"""An encoder-decoder's sites, edits and steps; that its numbers are those of torch is in tests/peers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import tap
from jaxneuron.edits import Add, Scale
from jaxneuron.intervene import Step
from jaxneuron.targets import Group, Logit, Unit
from jaxneuron.types import Forward, Tokens, Translation
from jaxneuron_models import encoder_decoder, encoder_decoder_step, encoder_decoder_writing, relative
from jaxneuron_models.encoder_decoder import EncoderDecoderConfig
from jaxneuron_models.encoder_decoder_writing import Writing

MARIAN = EncoderDecoderConfig(
    17, width=12, encoder_blocks=2, decoder_blocks=1, encoder_heads=3, encoder_hidden=20, longest=9
)
T5 = EncoderDecoderConfig(
    17,
    target_vocabulary=19,
    width=12,
    encoder_blocks=1,
    decoder_blocks=2,
    encoder_heads=2,
    head_width=5,
    encoder_hidden=20,
    gated=True,
    norm="rms",
    norm_first=True,
    positions="relative",
    buckets=4,
    farthest=5,
    bias=False,
    shared=False,
)
CONFIGS = {"marian": MARIAN, "t5": T5}
RANDOM = np.random.default_rng(0)
SOURCE = Tokens(jnp.asarray(RANDOM.integers(0, 17, (2, 6))), jnp.arange(6)[None] < jnp.array([[6], [4]]))
TARGET = Tokens(jnp.asarray(RANDOM.integers(0, 17, (2, 5))), jnp.arange(5)[None] < jnp.array([[3], [5]]))
READ = Translation(SOURCE, TARGET)
run = jax.jit(lambda forward, params, read, edits: forward(params, read, edits), static_argnums=0)


@pytest.fixture(scope="module", params=CONFIGS)
def model(request):
    config = CONFIGS[request.param]
    forward, init = encoder_decoder.build(config)
    params = init(jax.random.key(0))
    leaves, tree = jax.tree.flatten(params)  # scales of 1 and biases of 0 hide mistakes
    keys = jax.random.split(jax.random.key(1), len(leaves))
    noisy = [leaf + 0.2 * jax.random.normal(key, leaf.shape) for key, leaf in zip(keys, leaves, strict=True)]
    return config, forward, jax.tree.unflatten(tree, noisy)


def test_each_site_is_as_long_as_its_text(model):
    config, forward, params = model
    assert isinstance(forward, Forward)
    sites = tap.sites(forward, params, READ)
    assert all(value.shape[1] == (6 if site.startswith("encoder/") else 5) for site, value in sites.items())
    assert {"encoder/embed", "decoder/embed", "decoder/block0/cross/heads", "decoder/block0/cross", "logits"} <= {
        *sites
    }
    assert ("decoder/final" in sites) == ("decoder/block1/mlp/gate" in sites) == config.gated
    assert sites["logits"].shape[-1] == config.target_vocabulary


def test_the_last_word_is_that_of_the_text_a_site_belongs_to(model):
    _, forward, params = model
    output, activations = run(forward, params, READ, {})
    for site, places in (("encoder/block0/mlp", (5, 3)), ("decoder/block0/cross", (2, 4))):
        last = activations[site][jnp.arange(2), jnp.array(places)]
        np.testing.assert_array_equal(Unit(site, 1)(output, activations, READ), last[:, 1])
        np.testing.assert_allclose(Group(site, jnp.ones(12))(output, activations, READ), last.mean(1), rtol=1e-5)
    np.testing.assert_array_equal(Logit(7)(output, activations, READ), output.logits[jnp.arange(2), [2, 4], 7])


def test_padding_changes_nothing_and_edits_do(model):
    _, forward, params = model
    edited = run(forward, params, READ, {"encoder/block0/mlp": Scale(2.0)})[1]
    plain = run(forward, params, READ, {})[1]
    assert np.abs(edited["decoder/block0/cross"] - plain["decoder/block0/cross"]).max() > 1e-3
    np.testing.assert_array_equal(edited["decoder/embed"], plain["decoder/embed"])
    hidden = Translation(
        Tokens(jnp.where(SOURCE.mask, SOURCE.ids, 3), SOURCE.mask),
        Tokens(jnp.where(TARGET.mask, TARGET.ids, 3), TARGET.mask),
    )
    other = run(forward, params, hidden, {})[1]["logits"]
    np.testing.assert_array_equal(other[TARGET.mask], plain["logits"][TARGET.mask])
    with pytest.raises(KeyError, match="did you mean 'decoder/block0/cross"):
        forward(params, READ, {"decoder/block0/crosses": Scale(0.0)})


def test_soft_words_are_words(model):
    config, forward, params = model
    soft = Translation(
        Tokens(jax.nn.one_hot(SOURCE.ids, config.vocabulary), SOURCE.mask),
        Tokens(jax.nn.one_hot(TARGET.ids, config.target_vocabulary), TARGET.mask),
    )
    found, expected = (run(forward, params, read, {})[0].logits[TARGET.mask] for read in (soft, READ))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_steps_agree_with_the_whole_under_edits_and_compile_once(model):
    config, forward, params = model
    edits = {
        "encoder/block0/heads": Scale(jnp.arange(config.encoder_heads * (config.head_width or 4)) % 2),
        "decoder/block0/cross": Add(jax.random.normal(jax.random.key(2), (5, 12))),  # another push at each time
        "decoder/block0/mlp/hidden": Scale(0.5),
    }
    whole = Translation(SOURCE, Tokens(TARGET.ids, jnp.ones((2, 5), bool)))
    output, activations = run(forward, params, whole, edits)
    step = encoder_decoder_step.build(config)
    assert isinstance(step, Step)
    of_encoder = {site: edit for site, edit in edits.items() if site.startswith("encoder")}
    rest = {site: edit for site, edit in edits.items() if site not in of_encoder}
    seen, state = step.begin(params, SOURCE, 7, of_encoder)
    np.testing.assert_allclose(seen["encoder/block0/residual"], activations["encoder/block0/residual"], atol=1e-5)
    traces, pieces = [], []
    read = jax.jit(lambda *given: (traces.append(0), step(*given))[1])
    for at in range(5):
        found, seen, state = read(params, state, TARGET.ids[:, at : at + 1], rest)
        pieces.append((found.logits, seen["decoder/block0/residual"]))
    assert len(traces) == 1
    logits, residual = (jnp.concatenate(part, axis=1) for part in zip(*pieces, strict=True))
    np.testing.assert_allclose(logits, output.logits, atol=1e-5)
    np.testing.assert_allclose(residual, activations["decoder/block0/residual"], atol=1e-5)
    assert state.room == 2
    with pytest.raises(ValueError, match="room for 2 more words, got 3; .* capacity of at least 8"):
        step(params, state, TARGET.ids[:, :3], {})
    with pytest.raises(KeyError, match="no site 'encoder/embed'"):
        step(params, state, TARGET.ids[:, :1], {"encoder/embed": Scale(0.0)})
    with pytest.raises(KeyError, match="no site 'encoder/embad'"):
        step.begin(params, SOURCE, 7, {"encoder/embad": Scale(0.0)})


def test_writing_begins_ends_and_avoids_as_it_is_told(model):
    config, forward, params = model
    rules = Writing(start=3, first=4, end=6, last=6, never=(5, 7))
    found = encoder_decoder_writing.write(
        jax.random.key(0), config, params, rules, SOURCE, {"encoder/embed": Scale(0.5)}, length=6, temperature=0.0
    )
    ids, mask = found.tokens
    assert ids.shape == (2, 7) and (ids[:, :2] == [3, 4]).all() and not np.isin(ids[mask], [5, 7]).any()
    rows = [ids[row][mask[row]] for row in range(2)]
    assert all(row[-1] == 6 and 6 not in row[:-1] for row in rows)
    logits = run(forward, params, Translation(SOURCE, Tokens(ids, mask)), {"encoder/embed": Scale(0.5)})[0].logits
    logits = logits.at[..., jnp.array([5, 7])].set(-jnp.inf)
    for row, words in enumerate(rows):
        free = slice(1, min(len(words) - 1, 5))
        np.testing.assert_array_equal(np.argmax(logits[row, free], -1), words[free.start + 1 : free.stop + 1])


@pytest.mark.parametrize(
    ("rules", "length", "fault"),
    [
        (Writing(None), 3, "no word to start from"),
        (Writing(1, other=("'no_repeat_ngram_size' to 3",)), 3, "sets 'no_repeat_ngram_size' to 3, which is not kept"),
        (Writing(1, first=2), 1, "a length of at least 2 words, got 1"),
    ],
)
def test_writing_that_cannot_be_is_refused(rules, length, fault):
    with pytest.raises(ValueError, match=fault):
        encoder_decoder_writing.write(jax.random.key(0), MARIAN, {}, rules, SOURCE, length=length)


def test_rules_come_from_the_settings():
    said = {"decoder_start_token_id": 9, "eos_token_id": [2], "bad_words_ids": [[9], [2]], "repetition_penalty": 1.0}
    assert encoder_decoder_writing.rules(said) == Writing(9, end=2, never=(9,))
    odd = {"bos_token_id": 4, "eos_token_id": [2, 3], "bad_words_ids": [[9, 1]], "min_length": 56}
    found = encoder_decoder_writing.rules(odd)
    assert found.start == 4 and [rule.split()[0] for rule in found.other] == [
        "'min_length'",
        "'eos_token_id'",
        "'bad_words_ids'",
    ]


def test_what_cannot_be_read_is_refused(model):
    config, forward, params = model
    with pytest.raises(TypeError, match="reads two texts, got Tokens; give it `Translation"):
        forward(params, SOURCE, {})
    beyond = Translation(SOURCE, Tokens(jnp.full((2, 5), 19), TARGET.mask))
    with pytest.raises(ValueError, match="got the id 19, but the model has 1"):
        forward(params, beyond, {})
    long = Tokens(jnp.zeros((1, 10), int), jnp.ones((1, 10), bool))
    if config.window is None:
        assert run(forward, params, Translation(long, long), {})[0].logits.shape == (1, 10, 19)
    else:
        with pytest.raises(ValueError, match="a text of 10 tokens, but the model has positions for 9"):
            forward(params, Translation(long, TARGET), {})
        with pytest.raises(ValueError, match="at most 9, for which the model has positions, got 10"):
            encoder_decoder_step.build(config).begin(params, SOURCE, 10)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"positions": "rotary"}, "the positions must be one of sinusoidal, learned, relative"),
        ({"target_vocabulary": 9}, "texts of 17 and 9 words can't share a table"),
        ({"width": 10}, "can't be split into 4 heads"),
        ({"positions": "relative", "farthest": 16}, "32 buckets up to a distance of 16 are no scale"),
    ],
)
def test_an_architecture_that_cannot_be_is_refused(options, fault):
    with pytest.raises(ValueError, match=fault):
        EncoderDecoderConfig(**{"vocabulary": 17} | options)
    with pytest.raises(ValueError, match="its head reads the last word"):
        encoder_decoder_step.build(EncoderDecoderConfig(17, width=12, head="last", labels=2))


def test_every_distance_has_a_bucket():
    both = relative.buckets(jnp.array([50]), jnp.arange(101), count=32, farthest=40, both=True)[0]
    assert set(both.tolist()) == set(range(32)) - {16}  # what follows at no distance
    before = relative.buckets(jnp.array([50]), jnp.arange(101), count=32, farthest=40, both=False)[0]
    assert set(before.tolist()) == set(range(32)) and (before[50:] == 0).all() and (np.diff(before[:51]) <= 0).all()
