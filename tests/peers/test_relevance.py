"""Relevance patching is what RelP's rules make of a published model, written down once more in PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from jaxneuron import split, targets  # noqa: E402
from jaxneuron.attribute import patching  # noqa: E402
from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import pretrained  # noqa: E402

CLEAN, CORRUPTED, RIGHT, WRONG = [1, 403, 407, 261, 378, 499], [1, 403, 407, 261, 402, 499], 310, 286


class Changed:
    """A Llama of which each rule of RelP (arXiv 2508.21258, section 3) is a `detach`."""

    def __init__(self, folder, config):
        self.weights, self.config = load_file(folder / "model.safetensors"), config

    def linear(self, x, block, name):
        return x @ self.weights[f"model.layers.{block}.{name}.weight"].T

    def norm(self, x, name):
        """LN rule: the scale is a constant."""
        scale = torch.rsqrt((x * x).mean(-1, keepdim=True) + self.config.epsilon).detach()
        return x * scale * self.weights[name]

    def rotated(self, x):
        half = x.shape[-1] // 2
        angle = torch.arange(x.shape[0])[:, None] / 10000.0 ** (torch.arange(half) / half)
        first, second = x[..., :half], x[..., half:]
        cosine, sine = angle.cos()[:, None], angle.sin()[:, None]
        return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1)

    def attention(self, x, block):
        """AH rule: the weights are constants."""
        heads, keys = self.config.heads, self.config.key_heads
        query, key, value = (
            self.linear(x, block, f"self_attn.{name}_proj").reshape(len(x), number, -1)
            for name, number in (("q", heads), ("k", keys), ("v", keys))
        )
        query, key = self.rotated(query), self.rotated(key).repeat_interleave(heads // keys, 1)
        score = torch.einsum("thu,shu->hts", query, key) / query.shape[-1] ** 0.5
        weights = torch.softmax(score + torch.full(score.shape[1:], -torch.inf).triu(1), -1).detach()
        read = torch.einsum("hts,shu->thu", weights, value.repeat_interleave(heads // keys, 1))
        return self.linear(read.reshape(len(x), -1), block, "self_attn.o_proj")

    def mlp(self, x, block):
        """Identity rule: silu(x) has the slope silu(x) / x; half rule: each factor of the product has half."""
        gate = self.linear(x, block, "mlp.gate_proj")
        hidden = gate * (torch.nn.functional.silu(gate) / gate).detach() * self.linear(x, block, "mlp.up_proj")
        return self.linear(hidden / 2 + (hidden / 2).detach(), block, "mlp.down_proj")

    def __call__(self, ids):
        """Return what every MLP writes, and the scores after the last token."""
        x, written = self.weights["model.embed_tokens.weight"][torch.tensor(ids)], []
        for block in range(self.config.blocks):
            x = x + self.attention(self.norm(x, f"model.layers.{block}.input_layernorm.weight"), block)
            written.append(self.mlp(self.norm(x, f"model.layers.{block}.post_attention_layernorm.weight"), block))
            written[-1].requires_grad_(True).retain_grad()
            x = x + written[-1]
        return written, self.norm(x, "model.norm.weight")[-1] @ self.weights["model.embed_tokens.weight"].T


def test_relevance_of_a_published_model_is_that_of_the_rules_as_detached_parts(published):
    folder = published("stories260K")
    ours = pretrained.load(folder)
    theirs = Changed(folder, ours.config)
    (clean, _), (corrupted, scores) = theirs(CLEAN), theirs(CORRUPTED)
    (scores[RIGHT] - scores[WRONG]).backward()
    texts = [Tokens(jnp.array([ids]), jnp.ones((1, len(ids)), bool)) for ids in (CLEAN, CORRUPTED)]
    values = [jax.jit(ours.forward)(ours.params, text, {})[1] for text in texts]
    target = targets.Minus(targets.Logit(RIGHT), targets.Logit(WRONG))
    for block in range(ours.config.blocks):
        site = f"block{block}/mlp"
        score = split.above(ours.forward, ours.params, texts[1], site, target)
        found = patching.attribute(score, values[0][site], values[1][site], order="relevance")[0]
        right = (corrupted[block].grad * (clean[block] - corrupted[block])).detach().numpy()
        np.testing.assert_allclose(found, right, atol=1e-4 * np.abs(right).max(), rtol=1e-4)
