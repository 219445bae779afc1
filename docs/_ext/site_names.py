"""Which sites each published architecture has, and our own models: read from their forwards, without any weights."""

import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import written
from sphinx.application import Sphinx

from jaxneuron.types import Tokens, Translation
from jaxneuron_models import encoder_decoder, imaginet, lstm_lm, text_cnn, transformer
from jaxneuron_models.architectures import ARCHITECTURES
from jaxneuron_models.architectures.settings import read
from jaxneuron_models.encoder_decoder_config import EncoderDecoderConfig
from jaxneuron_models.transformer_config import TransformerConfig

BLOCKS = 2
"""Of each model, as many as are needed to see what blocks are called."""


def of(forward: Any, initial: Any, *, two_texts: bool = False) -> dict[str, int]:
    """Return the units of each site of a model whose weights are only shapes."""
    text = Tokens(jnp.zeros((1, 4), jnp.int32), jnp.ones((1, 4), bool))
    params = jax.eval_shape(initial, jax.random.key(0))
    found = jax.eval_shape(
        lambda params: forward(params, Translation(text, text) if two_texts else text, {})[1], params
    )
    return {name: shape.shape[-1] for name, shape in found.items()}


def published(family: str) -> dict[str, int]:
    """Return the sites of an architecture as published, without a head, of two blocks."""
    architecture = ARCHITECTURES[family]
    settings = read({"model_type": family}, architecture.settings, architecture.aliases)
    fields: dict[str, Any] = architecture.fields | settings.fields | architecture.derive(settings.raw)
    if architecture.two_texts:
        fields |= {name: BLOCKS for name in fields if name.endswith("blocks")}
        forward, initial = encoder_decoder.build(EncoderDecoderConfig(**fields))
        return of(forward, initial, two_texts=True)
    fields |= {"blocks": BLOCKS, "head": "none", "labels": 0}
    fields |= {name: tuple(fields[name])[:BLOCKS] for name in ("local", "weights") if fields.get(name)}
    return of(*transformer.build(TransformerConfig(**fields)))


def ours() -> dict[str, dict[str, int]]:
    """Return the sites of the models that `jaxneuron train` and the studies make."""
    return {
        "imaginet": of(*imaginet.build(imaginet.ImaginetConfig(vocabulary=100, features=80))),
        "lstm": of(*lstm_lm.build(lstm_lm.LstmConfig(vocabulary=100))),
        "transformer": of(*transformer.build(TransformerConfig(vocabulary=100, blocks=BLOCKS))),
        "text_cnn": of(*text_cnn.build(text_cnn.TextCnnConfig(vocabulary=100, labels=2))),
    }


def generate(app: Sphinx) -> None:
    """Write the tables that the page of sites includes."""
    alike: dict[tuple[str, ...], list[str]] = {}
    units: dict[str, dict[str, int]] = {}
    for family in ARCHITECTURES:
        units[family] = published(family)
        alike.setdefault(tuple(sorted(units[family])), []).append(family)
    parts = ["## Published architectures"]
    for families in alike.values():
        parts += [f"### {', '.join(families)}", _table({family: units[family] for family in families})]
    parts += ["## Our own"]
    for name, sites in ours().items():
        parts += [f"### {name}", _table({name: sites})]
    written.page(Path(app.srcdir) / "_generated" / "sites.md", "\n\n".join(parts) + "\n")


def _table(models: dict[str, dict[str, int]]) -> str:
    """Return a table of sites and units; blocks after the first are as that."""
    first = next(iter(models.values()))
    sites = sorted((name for name in first if not re.search(r"(block|lstm)[1-9]", name)), key=_height)
    rows = [["site", *models], ["---"] * (1 + len(models))]
    rows += [
        [f"`{name.replace('block0', 'block{n}')}`", *(f"{model[name]:,}" for model in models.values())]
        for name in sites
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _height(site: str) -> tuple[str, int, str]:
    """Return by what a site is sorted: each side of a translator, from the words up."""
    side = site.partition("/")[0] if site.startswith(("encoder/", "decoder/")) else ""
    last = site.rpartition("/")[2].startswith(("final", "logits")) or site.startswith(("final", "logits"))
    return {"encoder": "1", "decoder": "2"}.get(side, side), 0 if "embed" in site else 2 if last else 1, site


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate the tables before Sphinx reads the page."""
    (Path(app.srcdir) / "_generated").mkdir(exist_ok=True)
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
