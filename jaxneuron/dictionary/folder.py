"""Folders of SAELens 6: `cfg.json`, `sae_weights.safetensors` and, where it is known how often a feature is active,
`sparsity.safetensors`.

What is written here is read here bit for bit, and by SAELens. A setting that changes what the numbers mean is honoured
or refused by name. A gated dictionary is read as the JumpReLU dictionary that it equals (Rajamanoharan et al. 2024,
arXiv 2407.14435, appendix H), and one whose highest codes are chosen by the decoder's norms as one of norm 1.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.flax import load_file, save

from jaxneuron.dictionary import hooks
from jaxneuron.dictionary._dictionary import NORMALISED, Dictionary, check
from jaxneuron.files import beside, check_there, write_json
from jaxneuron.types import Site

CONFIG, WEIGHTS, SPARSITY = "cfg.json", "sae_weights.safetensors", "sparsity.safetensors"

FORMAT = "6.0.0"
"""The version of SAELens whose settings these are; earlier ones had other names, which are read too."""

KINDS = {
    "standard": "relu",
    "topk": "topk",
    "jumprelu": "jumprelu",
    "gated": "jumprelu",
    "transcoder": "relu",
    "skip_transcoder": "relu",
    "jumprelu_transcoder": "jumprelu",
    "jumprelu_skip_transcoder": "jumprelu",
    "topk_transcoder": "topk",
    "topk_skip_transcoder": "topk",
}
"""SAELens's architecture -> the dictionary's kind; the last two are ours alone, SAELens has no such transcoder."""

NEVER = 1e-10
"""What SAELens adds to a share before its logarithm."""


class Stored(NamedTuple):
    """What a folder holds."""

    dictionary: Dictionary
    metadata: dict[str, Any]  # what is said of the model and the text, as SAELens names it
    density: Float[np.ndarray, "feature"] | None  # the share of tokens at which each feature is active, if it is known


def write(
    folder: Path | str,
    dictionary: Dictionary,
    *,
    metadata: Mapping[str, Any] | None = None,
    density: Float[Any, "feature"] | None = None,
    post_norm: bool = False,
) -> None:
    """Write a dictionary; each file appears whole or not at all.

    Args:
        folder: made if it is not there.
        dictionary: the dictionary.
        metadata: of the model and the text, such as `model_name`; the sites are added.
        density: the share of tokens at which each feature is active.
        post_norm: the model normalises after it adds, see `hooks.hook`.

    Raises:
        ValueError: parts that do not fit each other.
        OSError: see `files.beside`.
    """
    check(dictionary)
    folder = Path(folder)
    known = {"sae_lens_version": FORMAT, "sae_lens_training_version": None} | dict(metadata or {})
    for name, site in (("", dictionary.site), ("_out", dictionary.output)):
        if site:
            known |= {f"hook_name{name}": hooks.hook(site, post_norm=post_norm), f"jaxneuron_site{name}": site}
    units, features = jnp.shape(dictionary.encoder)
    config = {
        "d_in": units,
        "d_sae": features,
        "dtype": jnp.dtype(dictionary.encoder.dtype).name,
        "device": "cpu",
        "apply_b_dec_to_input": dictionary.centred,
        "normalize_activations": dictionary.normalised,
        "reshape_activations": "hook_z" if dictionary.site.endswith("/heads") and not dictionary.output else "none",
        "metadata": known,
        "architecture": _architecture(dictionary),
    }
    if dictionary.kind == "topk":
        config |= {"k": dictionary.k, "rescale_acts_by_decoder_norm": False}
    if dictionary.output:
        config |= {"d_out": dictionary.decoder.shape[1]}
    named = {
        "W_enc": dictionary.encoder,
        "b_enc": dictionary.encoder_bias,
        "W_dec": dictionary.decoder,
        "b_dec": dictionary.decoder_bias,
        "threshold": dictionary.threshold,
        "W_skip": None if dictionary.skip is None else dictionary.skip.T,
    }
    with beside(folder / WEIGHTS) as temporary:
        temporary.write_bytes(save({name: jnp.asarray(part) for name, part in named.items() if part is not None}))
    if density is not None:
        with beside(folder / SPARSITY) as temporary:
            temporary.write_bytes(save({"sparsity": jnp.log10(jnp.asarray(density, jnp.float32) + NEVER)}))
    write_json(folder / CONFIG, config)  # last: a folder with it is whole


def read(folder: Path | str, *, site: Site | None = None, output: Site | None = None) -> Stored:
    """Read a dictionary.

    Args:
        folder: with the files of SAELens.
        site: which site of ours it reads, if the folder does not say or says it in a way that we have no name for.
        output: which it writes, of a transcoder.

    Raises:
        FileNotFoundError: no such folder, or a file is missing.
        ValueError: a damaged file, an architecture or a setting that is not known, or weights of another shape.
    """
    folder = Path(folder)
    made = "a dictionary's folder, as `jaxneuron decompose sparse_autoencoder` or SAELens writes it"
    check_there(folder, (CONFIG, WEIGHTS), made)
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("no JSON object")
    except ValueError as error:
        raise ValueError(f"{folder / CONFIG} is damaged ({error}); copy it again") from error
    config = _renamed(config)
    metadata = dict(config.get("metadata") or {})
    kind = _kind(config, folder)
    weights = _weights(folder / WEIGHTS)
    writes = "transcoder" in config["architecture"]
    found = _dictionary(config, kind, weights, folder)
    found = replace(
        found,
        site=site or metadata.get("jaxneuron_site") or hooks.site(metadata.get("hook_name") or ""),
        output=(output or metadata.get("jaxneuron_site_out") or hooks.site(metadata.get("hook_name_out") or "out"))
        if writes
        else "",
    )
    try:
        check(found)
    except ValueError as error:
        raise ValueError(f"{folder}: {error}; use the files that were saved together") from error
    density = None
    if (folder / SPARSITY).is_file():
        logarithm = np.asarray(_weights(folder / SPARSITY)["sparsity"], np.float64)
        density = np.maximum(10.0**logarithm - NEVER, 0)
    return Stored(found, metadata, density)


def _architecture(dictionary: Dictionary) -> str:
    """Return SAELens's name of what a dictionary is."""
    straight = "" if dictionary.skip is None else "skip_"
    if dictionary.output:
        return {"relu": "", "jumprelu": "jumprelu_", "topk": "topk_"}[dictionary.kind] + straight + "transcoder"
    if dictionary.skip is not None:
        raise ValueError("a way past the features is a transcoder's; give `output`, the site that it writes")
    return {"relu": "standard"}.get(dictionary.kind, dictionary.kind)


def _renamed(config: dict[str, Any]) -> dict[str, Any]:
    """Return settings as SAELens 6 has them: before, those of the text stood among the others."""
    if "metadata" in config:
        return config
    config = {{"hook_point": "hook_name", "activation_fn_str": "activation_fn"}.get(k, k): v for k, v in config.items()}
    config.setdefault("architecture", "standard")
    if config.get("activation_fn") == "topk":
        config |= {"architecture": "topk", "k": (config.get("activation_fn_kwargs") or {}).get("k")}
    scaled = config.get("normalize_activations")
    if scaled is None or isinstance(scaled, bool):
        config["normalize_activations"] = "expected_average_only_in" if scaled else "none"
    return config | {
        "metadata": {name: config[name] for name in ("hook_name", "model_name", "hook_head_index") if name in config}
    }


def _kind(config: dict[str, Any], folder: Path) -> str:
    """Return the kind of a dictionary, after all settings that change what the numbers mean."""
    architecture = config.get("architecture")
    if architecture not in KINDS:
        raise ValueError(
            f"{folder}: the architecture {architecture!r} is not known; those that are: {', '.join(KINDS)}"
        )
    if config.get("activation_fn", "relu") not in ("relu", "topk"):
        raise ValueError(f"{folder}: the activation_fn {config['activation_fn']!r} is not known; expected relu or topk")
    scaled = config.get("normalize_activations", "none")
    if scaled == "expected_average_only_in":
        raise ValueError(
            f"{folder}: normalize_activations {scaled!r}: its inputs were scaled by one number that is not in the "
            "folder; fold it into the weights (SAELens: fold_activation_norm_scaling_factor) and save it again"
        )
    if scaled not in NORMALISED:
        raise ValueError(f"{folder}: normalize_activations {scaled!r} is not known; expected {', '.join(NORMALISED)}")
    if config.get("finetuning_scaling_factor"):
        raise ValueError(f"{folder}: finetuning_scaling_factor is not known; fold the factors into the decoder")
    if (config.get("metadata") or {}).get("hook_head_index") is not None:
        raise ValueError(f"{folder}: a dictionary of one attention head (hook_head_index) has no site of ours")
    return KINDS[architecture]


def _weights(file: Path) -> dict[str, Any]:
    try:
        found = load_file(file)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{file} is damaged or cut short ({error}); copy it again") from error
    for name, part in found.items():
        if not bool(jnp.isfinite(part).all()):
            raise ValueError(
                f"{file}: {name} is not finite everywhere; the training had failed, or the file is damaged"
            )
    return found


def _dictionary(config: dict[str, Any], kind: str, weights: dict[str, Any], folder: Path) -> Dictionary:
    """Return the dictionary; every array finds its place, or is named."""
    architecture = config["architecture"]
    if "scaling_factor" in weights and bool((weights["scaling_factor"] == 1).all()):
        del weights["scaling_factor"]
    if "log_threshold" in weights:
        weights["threshold"] = jnp.exp(weights.pop("log_threshold"))
    biases = {"b_gate", "b_mag", "r_mag"} if architecture == "gated" else {"b_enc"}
    wanted = {"W_enc", "W_dec", "b_dec"} | biases
    wanted |= {"threshold"} if kind == "jumprelu" and architecture != "gated" else set()
    wanted |= {"W_skip"} if "skip" in architecture else set()
    if wanted != set(weights):
        missing, spare = sorted(wanted - set(weights)), sorted(set(weights) - wanted)
        raise ValueError(
            f"{folder}: the weights of a {architecture} dictionary lack {', '.join(missing) or 'nothing'} and have "
            f"{', '.join(spare) or 'nothing'} too much; use the files that were saved together"
        )
    encoder, decoder = weights["W_enc"], weights["W_dec"]
    bias, threshold = weights.get("b_enc"), weights.get("threshold")
    if architecture == "gated":
        grown = jnp.exp(weights["r_mag"])
        encoder, bias, threshold = encoder * grown[None], weights["b_mag"], weights["b_mag"] - weights["b_gate"] * grown
    if config.get("rescale_acts_by_decoder_norm"):
        norm = jnp.linalg.norm(decoder, axis=1)
        encoder, bias, decoder = encoder * norm[None], bias * norm, decoder / jnp.where(norm > 0, norm, 1)[:, None]
    return Dictionary(
        encoder,
        bias,
        decoder,
        weights["b_dec"],
        threshold,
        weights["W_skip"].T if "W_skip" in weights else None,
        kind=kind,
        k=int(config.get("k") or 0) if kind == "topk" else 0,
        centred="transcoder" not in architecture and bool(config.get("apply_b_dec_to_input", True)),
        normalised=config.get("normalize_activations", "none"),
    )
