"""What a device run reads: a small folder with a model and a text, to be carried to a machine without a network.

    python -m benchmarks.device.material --out FOLDER [--model DIR] [--data FILE] [--count 4000]

MiniLM's checkpoint has 90 MB, most of them words that the text does not use. All six blocks are kept, of the vocabulary
the sub-words that occur in the text, and everything in float16: 22 to 30 MB, which both sides read and compute with in
float32 or bfloat16. Without a model, a BERT of the same shape with random weights is written.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from jaxneuron.corpora import scenes, texts

LIMIT = 40 * 2**20
"""Bytes that a folder may have."""

MINILM = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1_536}
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
WORDS = "embeddings.word_embeddings.weight"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

Sentences = Sequence[Sequence[str]]


def write(out: Path, tensors: dict[str, np.ndarray], config: dict[str, Any], tokenizer: Any, text: Sentences) -> None:
    """Write a checkpoint and a text."""
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: np.asarray(one, np.float16) for name, one in tensors.items()}, out / "model.safetensors")
    described = config | {"vocab_size": len(tensors[WORDS]), "torch_dtype": "float16"}
    (out / "config.json").write_text(json.dumps(described, indent=1))
    (out / "tokenizer.json").write_text(json.dumps(tokenizer))
    (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizerFast"}))
    (out / "text.json").write_text(json.dumps([list(words) for words in text]))


def sentences(folder: Path) -> list[list[str]]:
    """Return the text of a folder."""
    return json.loads((folder / "text.json").read_text())


def cut(model: Path, text: Sentences, out: Path) -> None:
    """Write a checkpoint of the BERT family with the sub-words of a text alone; it reads that text as before."""
    whole = Tokenizer.from_file(str(model / "tokenizer.json"))
    whole.no_padding()
    whole.no_truncation()
    before = whole.encode_batch([list(words) for words in text], is_pretokenized=True)
    vocabulary = whole.get_vocab()
    kept = sorted({number for one in before for number in one.ids} | {vocabulary[word] for word in SPECIAL})
    place = {number: i for i, number in enumerate(kept)}
    described = json.loads((model / "tokenizer.json").read_text())
    described |= {"padding": None, "truncation": None}
    described["model"]["vocab"] = {word: place[n] for word, n in described["model"]["vocab"].items() if n in place}
    for one in described["added_tokens"]:
        one["id"] = place[one["id"]]
    for one in described["post_processor"]["special_tokens"].values():
        one["ids"] = [place[number] for number in one["ids"]]
    tensors = {name: one for name, one in load_file(model / "model.safetensors").items() if "position_ids" not in name}
    tensors[WORDS] = tensors[WORDS][kept]
    config = json.loads((model / "config.json").read_text())
    write(out, tensors, config | {"pad_token_id": place[vocabulary["[PAD]"]]}, described, text)
    after = Tokenizer.from_file(str(out / "tokenizer.json")).encode_batch(
        [list(words) for words in text], is_pretokenized=True
    )
    if [one.tokens for one in before] != [one.tokens for one in after]:
        raise ValueError(f"{model}: the text is read otherwise with the smaller vocabulary; is it a WordPiece model?")


def random(text: Sentences, out: Path, shape: dict[str, int] = MINILM) -> None:
    """Write a BERT with random weights whose vocabulary is the words of a text."""
    words = [*SPECIAL, *sorted({word.lower() for sentence in text for word in sentence})]
    width, inner = shape["hidden_size"], shape["intermediate_size"]
    config = shape | {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "pad_token_id": 0,
    }
    sizes = {
        WORDS: (len(words), width),
        "embeddings.position_embeddings.weight": (512, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "pooler.dense.weight": (width, width),
    }
    for number in range(shape["num_hidden_layers"]):
        block = f"encoder.layer.{number}"
        sizes |= {f"{block}.attention.self.{part}.weight": (width, width) for part in ("query", "key", "value")}
        sizes |= {
            f"{block}.attention.output.dense.weight": (width, width),
            f"{block}.attention.output.LayerNorm.weight": (width,),
            f"{block}.intermediate.dense.weight": (inner, width),
            f"{block}.output.dense.weight": (width, inner),
            f"{block}.output.LayerNorm.weight": (width,),
        }
    biases = {name.replace(".weight", ".bias"): size[:1] for name, size in sizes.items() if "_embeddings" not in name}
    draw = np.random.default_rng(0)
    tensors = {}
    for name, size in (sizes | biases).items():
        plain = np.ones(size) if name.endswith("LayerNorm.weight") else np.zeros(size)
        tensors[name] = draw.normal(size=size) / size[-1] ** 0.5 if len(size) > 1 else plain
    special = {word: {"id": word, "ids": [words.index(word)], "tokens": [word]} for word in ("[CLS]", "[SEP]")}
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    single += [{"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": word, "single_word": False, "lstrip": False, "rstrip": False}
            | {"normalized": False, "special": True}
            for number, word in enumerate(SPECIAL)
        ],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
        | {"strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": special},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
        | {"max_input_chars_per_word": 100, "vocab": {word: number for number, word in enumerate(words)}},
    }
    write(out, tensors, config, tokenizer, text)


def read(data: Path | None) -> list[list[str]]:
    """Return the sentences of a file or of the split train of a folder, or the embedded captions, mixed."""
    if data:
        return texts.read(data, "train" if data.is_dir() else None).sentences
    found = scenes.read("train").sentences
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))]


def main() -> None:
    """Write a folder."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--model", type=Path, help="a BERT's folder, such as MiniLM's; otherwise random weights")
    parser.add_argument("--data", type=Path, help="a text or a folder of splits; otherwise the embedded captions")
    parser.add_argument("--count", type=int, default=4_000, help="sentences")
    options = parser.parse_args()
    text = read(options.data)[: options.count]
    if options.model:
        cut(options.model, text, options.out)
    else:
        random(text, options.out)
    size = sum(file.stat().st_size for file in options.out.iterdir())
    if size > LIMIT:
        raise SystemExit(f"{options.out} has {size / 2**20:.1f} MB of {LIMIT / 2**20:.0f}; take fewer sentences")
    print(f"{options.out}: {size / 2**20:.1f} MB, {len(text)} sentences")


if __name__ == "__main__":
    main()
