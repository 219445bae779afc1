"""The transformer keeps its contracts: padding, causality, edits, soft words, and step by step as in one go."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from jaxneuron.edits import Add, Replace
from jaxneuron.types import Packed, Pairs, Tokens
from jaxneuron_models import transformer, transformer_step
from jaxneuron_models.relative import Biases, Vectors
from jaxneuron_models.rotary import Dynamic, Long, Yarn

WORDS = 17
KINDS = {
    "gpt": {},
    "bert": {"causal": False, "norm_first": False, "embedding_norm": True, "types": 2},
    "albert": {  # with the distances of MPNet
        "causal": False,
        "norm_first": False,
        "relative": Biases(8),
        "embedding_width": 6,
        "weights": ("a", "a"),
        "head_transform": "gelu",
        "head_norm": True,
        "head_bias": True,
    },
    "deberta": {"causal": False, "norm_first": False, "positions": "none", "relative": Vectors(4, 4, 9, norm=True)},
    "modernbert": {
        "causal": False,
        "norm": "layer_unbiased",
        "first_norm": False,
        "positions": "rotary",
        "local": (0, 2),
        "local_base": 50.0,
        "gated": True,
    },
    "llama": {
        "norm": "rms",
        "positions": "rotary",
        "gated": True,
        "activation": "silu",
        "key_heads": 2,
        "attention_bias": False,
        "mlp_bias": False,
        "tied": False,
    },
    "gemma": {
        "norm": "rms_less_one",
        "positions": "rotary",
        "gated": True,
        "local": (3, 0),
        "local_base": 50.0,
        "output_norms": True,
        "query_norm": "head",
        "attention_cap": 2.0,
        "head_cap": 3.0,
        "embedding_scale": 4.0,
        "residual_scale": 0.5,
    },
    "bloom": {"positions": "alibi", "embedding_norm": True, "query_norm": "all", "output_bias": False},
    "phi": {"parallel": True, "one_norm": True, "positions": "rotary", "rotary_scaling": Yarn(4, 3, 32, 1, True, 1.1)},
    "neox": {"parallel": True, "positions": "rotary", "rotary_share": 0.5, "tied": False},
}
CAUSAL = [kind for kind, options in KINDS.items() if options.get("causal", True)]


@functools.cache
def build(kind, **options):
    config = transformer.TransformerConfig(WORDS, width=16, blocks=2, heads=4, longest=12, **KINDS[kind] | options)
    forward, init = transformer.build(config)
    return config, forward, init(jax.random.key(0))


def sentences(lengths=(7, 4), time=7):
    ids = np.random.default_rng(0).integers(0, WORDS, (len(lengths), time))
    mask = np.arange(time)[None] < np.array(lengths)[:, None]
    return Tokens(jnp.asarray(ids), jnp.asarray(mask))


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind):
    _, forward, params = build(kind)
    tokens = sentences()
    output, activations = forward(params, tokens, {})
    short = Tokens(tokens.ids[1:, :4], tokens.mask[1:, :4])
    alone, alone_activations = forward(params, short, {})
    np.testing.assert_allclose(output.logits[1, :4], alone.logits[0], atol=1e-5)
    for site, value in alone_activations.items():
        np.testing.assert_allclose(activations[site][1, :4], value[0], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_causal_model_is_blind_to_what_follows(kind):
    _, forward, params = build(kind)
    tokens = sentences((7,))
    changed = tokens._replace(ids=tokens.ids.at[0, 5].set((tokens.ids[0, 5] + 1) % WORDS))
    before, after = (forward(params, one, {})[0].logits[0, :5] for one in (tokens, changed))
    assert bool(jnp.allclose(before, after, atol=1e-6)) == (kind in CAUSAL)


@pytest.mark.parametrize("kind", CAUSAL)
@pytest.mark.parametrize("pieces", [(7,), (1,) * 7, (3, 1, 3)])
def test_step_by_step_agrees_with_all_at_once(kind, pieces):
    config, forward, params = build(kind)
    tokens = sentences((7, 7))
    whole, activations = forward(params, tokens, {})
    model = nnx.merge(forward.graph, params)
    state, at, logits, residual = transformer.initial_state(config, 2, 9), 0, [], []
    for size in pieces:
        part = Tokens(tokens.ids[:, at : at + size], tokens.mask[:, at : at + size])
        output, seen, state = model.step(part, state, {})
        logits.append(output.logits)
        residual.append(seen["block1/residual"])
        at += size
    np.testing.assert_allclose(jnp.concatenate(logits, 1), whole.logits, atol=1e-5)
    np.testing.assert_allclose(jnp.concatenate(residual, 1), activations["block1/residual"], atol=1e-5)
    assert int(state.length) == 7


@pytest.mark.parametrize("kind", KINDS)
def test_attention_is_a_distribution_over_words_in_reach(kind):
    _, forward, params = build(kind)
    tokens = sentences()
    probability = forward(params, tokens, {})[0].attention
    assert probability.shape == (2, 2, 4, 7, 7)
    np.testing.assert_allclose(probability.sum(-1), 1.0, atol=1e-5)
    assert float(jnp.max(probability[:, 1, :, :4, 4:])) == 0  # what padding reads is nothing to anybody


@pytest.mark.parametrize("kind", KINDS)
def test_soft_words_on_a_corner_are_words(kind):
    _, forward, params = build(kind)
    tokens = sentences()
    soft = tokens._replace(ids=jax.nn.one_hot(tokens.ids, WORDS))
    np.testing.assert_allclose(forward(params, soft, {})[0].logits, forward(params, tokens, {})[0].logits, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_acts_at_every_site_and_on_what_follows(kind):
    _, forward, params = build(kind)
    tokens = sentences()
    output, activations = forward(params, tokens, {})
    for site in activations:
        push = jax.random.normal(jax.random.key(1), activations[site].shape[-1:])
        edited, seen = forward(params, tokens, {site: Add(push)})
        np.testing.assert_allclose(seen[site], activations[site] + push[None, None], atol=1e-5)
        assert site == "logits" or not np.allclose(edited.logits, output.logits, atol=1e-4), site


def test_a_site_replaced_by_itself_changes_nothing():
    _, forward, params = build("gpt")
    tokens = sentences()
    output, activations = forward(params, tokens, {})
    for site in ("embed/word", "block0/heads", "block1/mlp"):
        again, _ = forward(params, tokens, {site: Replace(activations[site])})
        np.testing.assert_allclose(again.logits, output.logits, atol=1e-5)


@pytest.mark.parametrize("head", ["first", "last"])
def test_a_head_for_sentences_reads_one_real_word(head):
    _, forward, params = build("gpt", head=head, labels=3)
    tokens = sentences()
    logits = forward(params, tokens, {})[0].logits
    assert logits.shape == (2, 1, 3)
    per_word = forward(params, tokens, {})[1]["final"] @ params["head"]["scores"]["kernel"]
    at = [0, 0] if head == "first" else [6, 3]
    np.testing.assert_allclose(logits[:, 0], per_word[jnp.arange(2), jnp.array(at)], atol=1e-5)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"norm": "batch"}, "norm must be one of layer, layer_unbiased, rms"),
        ({"local": (3,)}, "`local` says of 1 blocks how far they look, but there are 4"),
        ({"weights": ("a", "a")}, "4 blocks need 4 names of weights, got 2"),
        ({"embedding_width": 6}, "a language head of 6 units .* give it a `head_transform`"),
        ({"relative": Biases(8)}, "set `causal` to False"),
        ({"heads": 3}, "can't be split into 3 heads"),
        ({"key_heads": 3}, "can't share 3 heads"),
        ({"head_width": 5, "positions": "rotary"}, "turns pairs of 5 units, but a head has 5"),
        (
            {"positions": "rotary", "rotary_share": 0.5, "rotary_scaling": Dynamic(2, 8)},
            "Dynamic needs .* at least 4 units .* there are 2",
        ),
        ({"positions": "rotary", "rotary_scaling": Long(8, 1.0, (1.0,), (2.0, 2.0))}, "2 pairs .* factors of 1"),
        ({"local": (3,)}, "of 1 blocks how far they look, but there are 4"),
    ],
)
def test_a_wrong_setting_is_named(options, fault):
    with pytest.raises(ValueError, match=fault):
        transformer.TransformerConfig(WORDS, **{"width": 16, "heads": 4} | options)


def test_blocks_of_one_name_share_their_weights():
    _, _, params = build("albert")
    assert "block0" in params and "block1" not in params


def test_a_forward_knows_the_shapes_of_its_weights():
    forward, init = transformer.build(
        transformer.TransformerConfig(vocabulary=9, width=8, blocks=2, heads=2, weights=("a", "a"))
    )
    expected = jax.eval_shape(init, jax.random.key(0))
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), forward.shapes) == jax.tree.map(
        lambda leaf: (leaf.shape, leaf.dtype), expected
    )


def test_a_local_block_sees_near_words_only():
    _, forward, params = build("modernbert")
    attention = forward(params, sentences(), {})[0].attention
    seen = np.abs(np.arange(7)[:, None] - np.arange(7)) < 2
    assert np.all(attention[0, 0] > 0) and np.array_equal(attention[1, 0] > 0, np.broadcast_to(seen, (4, 7, 7)))


def test_a_head_reads_the_mean_of_the_words_that_are_there():
    _, forward, params = build("bert", head="mean", labels=3, tied=False)
    output, activations = forward(params, sentences(), {})
    mean = activations["block1/residual"][1, :4].mean(axis=0)
    np.testing.assert_allclose(output.logits[1, 0], mean @ params["head"]["scores"]["kernel"], atol=1e-5)


def test_rows_of_the_position_table_that_are_left_unused_are_no_room():
    assert transformer.TransformerConfig(WORDS, longest=514, first_position=2).window == 512
    assert transformer.TransformerConfig(WORDS, longest=512).window == 512


TEXT = Tokens(np.array([[3, 4, 5, 0], [6, 0, 0, 0]]), np.arange(4)[None] < np.array([[3], [1]]))


@pytest.mark.parametrize(
    ("tokens", "fault"),
    [
        (TEXT._replace(ids=TEXT.ids + WORDS - 4), "got the id 17, but the model has 17 words, from 0 to 16"),
        (TEXT._replace(ids=TEXT.ids - 4), "got the id -1, but"),
        (TEXT._replace(mask=TEXT.mask[:, ::-1]), "the mask of row 0 has padding before words"),
        (TEXT._replace(mask=np.array([[True] * 4, [True, False, True, True]])), "the mask of row 1 has padding before"),
        (Pairs(*TEXT, TEXT.ids * 0), "no types of tokens to tell two texts by"),
    ],
)
def test_what_the_model_has_no_row_for_is_refused(tokens, fault):
    _, forward, params = build("gpt")
    with pytest.raises(ValueError, match=fault):
        forward(params, tokens, {})


def test_padding_may_hold_any_number():
    _, forward, params = build("gpt")
    odd = TEXT._replace(ids=np.where(TEXT.mask, TEXT.ids, -100))
    mine, plain = (forward(params, tokens, {})[0].logits[TEXT.mask] for tokens in (odd, TEXT))
    np.testing.assert_array_equal(mine, plain)


@pytest.mark.parametrize("kind", ["gpt", "llama"])
def test_a_text_longer_than_the_table_of_positions_is_refused_while_tracing(kind):
    _, forward, params = build(kind)
    long = Tokens(jnp.zeros((1, 13), jnp.int32), jnp.ones((1, 13), bool))
    if kind == "llama":  # computes its positions
        jax.eval_shape(forward, params, long, {})
        return
    with pytest.raises(ValueError, match="a text of 13 tokens, but the model has positions for 12; cut it"):
        jax.eval_shape(forward, params, long, {})
    packed = Packed(*long, jnp.arange(13)[None] // 7)
    jax.eval_shape(forward, params, packed, {})
    assert forward(params, packed, {})[0].logits.shape == (1, 13, WORDS)
    with pytest.raises(ValueError, match="a text of 13 tokens"):
        forward(params, packed._replace(segment=jnp.zeros((1, 13), jnp.int32)), {})


def test_a_step_refuses_what_is_no_word():
    config, forward, params = build("gpt")
    step, state = transformer_step.build(config), transformer_step.initial_state(config, 1, 3)
    with pytest.raises(ValueError, match="got the id 17"):
        step(params, state, jnp.array([[WORDS]]), {})


def test_types_are_added_where_they_are_said_to_be():
    _, forward, params = build("bert")
    types = np.array([[0, 1, 1, 0], [0, 0, 0, 0]])
    row = params["type"][1] - params["type"][0]
    pushed = Add(jnp.asarray(types)[..., None] * row[None, None])
    mine, seen = forward(params, Pairs(*TEXT, types), {})
    theirs, others = forward(params, TEXT, {"embed/word": pushed})
    np.testing.assert_allclose(seen["embed"][TEXT.mask], others["embed"][TEXT.mask], atol=1e-5)
    np.testing.assert_allclose(mine.logits[TEXT.mask], theirs.logits[TEXT.mask], atol=1e-4)
    plain = forward(params, Pairs(*TEXT, types * 0), {})[0].logits
    np.testing.assert_array_equal(plain, forward(params, TEXT, {})[0].logits)
    with pytest.raises(ValueError, match="got the type 2, but the model has 2 types of tokens"):
        forward(params, Pairs(*TEXT, types * 2), {})


def test_products_of_queries_and_keys_are_scaled_as_asked():
    _, forward, params = build("gpt")
    _, scaled, _ = build("gpt", attention_scale=4**-0.5)
    np.testing.assert_array_equal(*(f(params, TEXT, {})[0].logits for f in (forward, scaled)))
    _, by_block, _ = build("gpt", scale_by_block=True)
    halved = jax.tree.map(lambda leaf: leaf, params)
    halved["block1"]["attention"]["query"] = {n: w / 2 for n, w in params["block1"]["attention"]["query"].items()}
    mine, theirs = (f(p, TEXT, {})[0].logits for f, p in ((by_block, params), (forward, halved)))
    np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_a_word_sees_as_far_as_its_block_looks():
    _, forward, params = build("gpt", local=(3, 0))
    probability = forward(params, TEXT._replace(mask=TEXT.mask | True), {})[0].attention[:, 0]
    distance = np.arange(4)[:, None] - np.arange(4)
    assert (np.asarray(probability[0] > 0) == ((distance >= 0) & (distance < 3))[None]).all()
    assert (np.asarray(probability[1] > 0) == (distance >= 0)[None]).all()


def test_several_texts_in_a_row_are_read_as_alone():
    """Windows, biases and lengths are those of each text."""
    long = {"positions": "rotary", "rotary_scaling": Dynamic(2, 4)}
    for kind, options in (("gpt", {"local": (3, 2)}), ("bloom", {}), ("llama", long)):
        _, forward, params = build(kind, **options)
        tokens = sentences((7,))
        packed = Packed(*tokens, jnp.array([[0, 0, 0, 0, 0, 1, 1]]))
        together = forward(params, packed, {})[0].logits
        for part in (slice(0, 5), slice(5, 7)):
            alone = forward(params, Tokens(tokens.ids[:, part], tokens.mask[:, part]), {})[0].logits
            np.testing.assert_allclose(together[:, part], alone, atol=1e-5)


def test_what_depends_on_the_whole_length_is_read_in_steps_up_to_where_it_does():
    config = transformer.TransformerConfig(WORDS, positions="rotary", rotary_scaling=Dynamic(2.0, 8))
    assert transformer_step.initial_state(config, 1, 8).room == 8
    with pytest.raises(ValueError, match="at most 8, as those of longer texts are turned by the whole length, got 9"):
        transformer_step.initial_state(config, 1, 9)
