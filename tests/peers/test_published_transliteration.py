"""A published encoder-decoder in our stacks: the test model of CTranslate2 writes what its own tests expect."""

import struct

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from jaxneuron.types import Tokens
from jaxneuron_models import encoder_decoder, encoder_decoder_writing
from jaxneuron_models.encoder_decoder_writing import Writing

WIDTH, BLOCKS, HEADS, LONGEST = 32, 6, 8, 40
PARTS = {"encoder": {"attention": "self_attention"}, "decoder": {"attention": "self_attention", "cross": "attention"}}


def tensors(path):
    """Return the arrays of a CTranslate2 file of version 2: each a name, sizes, the size of a number, and bytes."""
    held, place = path.read_bytes(), 0

    def numbers(form):
        nonlocal place
        found = struct.unpack_from(f"<{form}", held, place)
        place += struct.calcsize(f"<{form}")
        return found

    def name():
        (length,) = numbers("H")
        return numbers(f"{length}s")[0].rstrip(b"\0").decode()

    assert numbers("I") == (2,)
    assert name() == "TransformerBase"
    found = {}
    for _ in range(numbers("II")[1]):
        own = name()
        shape = numbers("I" * numbers("B")[0])
        item, count = numbers("BI")
        assert item == 4
        found[own] = np.frombuffer(held, np.float32, count, place).reshape(shape)
        place += item * count
    assert place == len(held)
    return found


def dense(stored, name):
    return {"kernel": stored[f"{name}/weight"].T, "bias": stored[f"{name}/bias"]}


def norm(stored, name):
    return {"scale": stored[f"{name}/gamma"], "bias": stored[f"{name}/beta"]}


def attention(stored, name):
    """Return queries, keys and values, which are one product, or two where the last two read another text."""
    *products, output = (
        dense(stored, f"{name}/linear_{number}") for number in range(3) if f"{name}/linear_{number}/weight" in stored
    )
    parts = {
        leaf: np.split(np.concatenate([product[leaf] for product in products], -1), 3, -1)
        for leaf in ("kernel", "bias")
    }
    ways = {way: {leaf: parts[leaf][n] for leaf in parts} for n, way in enumerate(("query", "key", "value"))}
    return ways | {"output": output}


def places():
    """Return CTranslate2's sines and cosines; the first place is 1, the longest wave 10,000."""
    angle = np.arange(1, LONGEST + 1)[:, None] * 10_000.0 ** -(np.arange(WIDTH // 2) / (WIDTH // 2 - 1))
    return np.concatenate([np.sin(angle), np.cos(angle)], 1).astype(np.float32)


def weights(stored):
    """Return the numbers by our names."""
    ours = {"head": {"bias": stored["decoder/projection/bias"][None]}}
    ours["head"]["scores"] = {"kernel": stored["decoder/projection/weight"].T}
    for side in ("encoder", "decoder"):
        ours[side] = {"word": stored[f"{side}/embeddings/weight"], "position": places()}
        ours[side]["final_norm"] = norm(stored, f"{side}/layer_norm")
        for number in range(BLOCKS):
            layer = f"{side}/layer_{number}"
            block = ours[side][f"block{number}"] = {
                "up": dense(stored, f"{layer}/ffn/linear_0"),
                "down": dense(stored, f"{layer}/ffn/linear_1"),
                "mlp_norm": norm(stored, f"{layer}/ffn/layer_norm"),
            }
            for part, theirs in PARTS[side].items():
                block[part] = attention(stored, f"{layer}/{theirs}")
                block[f"{part}_norm"] = norm(stored, f"{layer}/{theirs}/layer_norm")
    return ours


def test_arabic_words_are_written_in_latin_letters(published):
    folder = published("aren-transliteration")
    letters, latin = ((folder / f"{side}_vocabulary.txt").read_text().splitlines() for side in ("source", "target"))
    stored = tensors(folder / "model.bin")
    config = encoder_decoder.EncoderDecoderConfig(
        vocabulary=len(stored["encoder/embeddings/weight"]),
        target_vocabulary=len(stored["decoder/embeddings/weight"]),
        width=WIDTH,
        encoder_blocks=BLOCKS,
        encoder_heads=HEADS,
        encoder_hidden=4 * WIDTH,
        activation="relu",
        norm_first=True,
        positions="learned",
        longest=LONGEST,
        embedding_scaled=True,
        head_bias=True,
        tied=False,
        shared=False,
    )
    params = weights(stored)
    shapes = jax.eval_shape(encoder_decoder.build(config)[1], jax.random.key(0))
    sizes = {name: value.shape for name, value in traverse_util.flatten_dict(shapes).items()}
    assert sizes == {name: value.shape for name, value in traverse_util.flatten_dict(params).items()}
    words = ("آتزمون", "لندن")
    source, mask = np.zeros((2, 8), np.int64), np.zeros((2, 8), bool)
    for row, word in enumerate(words):
        source[row, : len(word)] = [letters.index(letter) for letter in word]
        mask[row, : len(word)] = True
    rules = Writing(start=latin.index("<s>"), end=latin.index("</s>"))
    written = encoder_decoder_writing.write(
        jax.random.key(0),
        config,
        jax.tree.map(jnp.asarray, params),
        rules,
        Tokens(source, mask),
        length=12,
        temperature=0,
    )
    found = [
        "".join(latin[number] for number, here in zip(ids, kept, strict=True) if here and number > 2)
        for ids, kept in zip(np.asarray(written.tokens.ids), np.asarray(written.tokens.mask), strict=True)
    ]
    # the first is expected by the tests of CTranslate2, the second was written by its version 4.8.5
    assert found == ["atzmon", "lenden"]
