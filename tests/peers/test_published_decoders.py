"""Small published decoders do what their authors say, and agree with `transformers` on real weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from jaxneuron.intervene import Sampling, generate  # noqa: E402
from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import pretrained, transformer_step  # noqa: E402

STORY = """\
Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, \
red ball. She wanted to play with it, but it was too high.
Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want to play with \
your ball, but I can't find it."
Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
Lily didn't want to help her mom, so she said, "I'm sorry, mom. I didn't know what to do." Her mom said, "Don't worry, \
Lily. We can help you."""
"""What stories260K writes when it always takes the likeliest token: doc/stories260K.md of karpathy/llama2.c."""
PART = "geometry_prismatic holes_normal external_threads_no surface_finish_good tolerance_tight batch_size_small <SOS>"


def written(model, prompt, length, end=None):
    """Return the likeliest tokens after a prompt, a step each."""
    step = transformer_step.build(model.config)
    state = transformer_step.initial_state(model.config, 1, len(prompt) + length)
    text = Tokens(np.array([prompt]), np.ones((1, len(prompt)), bool))
    found = generate.intervene(
        jax.random.key(0), step, model.params, state, text, sampling=Sampling(length, 0, end=end)
    )
    return np.asarray(found.tokens.ids)[0].tolist()


def agrees(folder, ids):
    """Compare the stream after each block and the logits with `transformers`."""
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    ours = pretrained.load(folder)
    with torch.no_grad():
        output = theirs(torch.tensor([ids]), output_hidden_states=True)
    text = Tokens(jnp.asarray([ids]), jnp.ones((1, len(ids)), bool))
    prediction, activations = jax.jit(ours.forward)(ours.params, text, {})
    sites = ["embed", *(f"block{number}/residual" for number in range(ours.config.blocks - 1)), "final"]
    assert len(sites) == len(output.hidden_states)
    for site, state in zip(sites, output.hidden_states, strict=True):
        np.testing.assert_allclose(activations[site], state, rtol=1e-4, atol=1e-4 * float(state.abs().max()))
    np.testing.assert_allclose(
        prediction.logits, output.logits, rtol=1e-4, atol=1e-4 * float(output.logits.abs().max())
    )
    return ours, theirs


def test_a_storyteller_tells_its_story_word_for_word(published):
    folder = published("stories260K")
    ours = pretrained.load(folder)
    ids = written(ours, [1], 256)
    assert ours.tokenizer.decode(ids) == STORY
    agrees(folder, ids[:200])


def test_a_sorter_sorts(published):
    folder = published("gpt-nano-sort")
    letters = np.random.default_rng(0).integers(0, 3, (200, 6))
    ours, _ = agrees(folder, [2, 0, 1, 1, 0, 2, 0, 0, 1, 1, 2])
    forward = jax.jit(ours.forward)
    ids = np.zeros((200, ours.config.window + 1), np.int64)
    ids[:, :6] = letters
    for read in range(6, 12):
        text = Tokens(jnp.asarray(ids[:, :-1]), jnp.broadcast_to(jnp.arange(11)[None] < read, (200, 11)))
        ids[:, read] = np.argmax(forward(ours.params, text, {})[0].logits[:, read - 1], axis=-1)
    np.testing.assert_array_equal(ids[:, 6:], np.sort(letters, axis=1))


def test_a_planner_writes_the_chains_that_transformers_writes(published):
    folder = published("capp-gpt")
    prompt = pretrained.load(folder).tokenizer.encode(PART).ids
    ours, theirs = agrees(folder, prompt)
    chain, end = (ours.tokenizer.token_to_id(word) for word in ("<EOC>", "<EOS>"))
    with torch.no_grad():
        given = torch.tensor([prompt])
        expected = theirs.generate(given, attention_mask=torch.ones_like(given), do_sample=False, max_new_tokens=40)
    found = written(ours, prompt, 40, end)
    assert found[: found.index(end) + 1] == expected[0].tolist()
    assert chain in found
