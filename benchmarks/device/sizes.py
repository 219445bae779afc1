"""How large the jobs of a device run are: `full` for a GPU, `tiny` for a test on a processor."""

from typing import NamedTuple

from benchmarks import decompose_dictionary


class Size(NamedTuple):
    """The sizes of every job, and the settings that each side may choose its best from."""

    name: str
    matrix: int  # rows and columns of the product by which the peak is measured
    repeats: int  # timed runs of each side
    patience: float  # times the seconds that a row may take
    budgets: tuple[int, ...]  # bytes that ours works in; the library's default first

    vocabulary: int  # words of Imaginet
    units: int  # of its embedding, and of each of its two recurrences
    neurons: int  # of the language projection, searched at once
    steps: int  # of the fast preset
    exact_steps: int  # of the published settings, which take 200,000
    samples: int  # noise draws a step of the published settings
    chunks: tuple[int, ...]  # neurons that PyTorch searches at a time, one sample each
    ngrams: int  # of the corpus that is searched
    ngram_chunks: tuple[int, ...]  # n-grams that PyTorch scores at a time

    sentences: int  # extracted
    batches: tuple[int, ...]  # sentences that PyTorch extracts at a time
    passed: tuple[int, int]  # texts and sub-words of the forward pass alone

    explained: int  # texts
    longest: int  # sub-words of a text
    nodes: int  # on a path
    together: tuple[int, ...]  # nodes that PyTorch looks at together, divisors of `nodes`
    ablated: tuple[int, ...]  # units that PyTorch takes away at a time

    words: int  # ranked
    ranked: int  # units
    labels: int
    strengths: int  # of a penalty, for each seed of a probe
    seeds: int
    epochs: int
    unit_chunks: tuple[int, ...]  # units that PyTorch ranks at a time

    masked: int  # words of a search for formulas
    concepts: int
    described: int  # units
    terms: int
    unit_groups: tuple[int, ...]  # units that PyTorch searches formulas for at a time

    learnt: decompose_dictionary.Size  # a dictionary


FULL = Size(
    name="full",
    matrix=8_192,
    repeats=5,
    patience=1,
    budgets=(2**28, 2**32),
    vocabulary=27_409,  # that of Poerner et al. 2018, as are the five below
    units=1_024,
    neurons=160,
    steps=120,
    exact_steps=8,
    samples=64,
    chunks=(32, 160),
    ngrams=200_000,
    ngram_chunks=(8_192, 65_536),
    sentences=4_000,
    batches=(64, 256),
    passed=(64, 128),
    explained=8,
    longest=40,
    nodes=50,
    together=(10, 50),
    ablated=(16, 64),
    words=20_111,
    ranked=2_688,
    labels=17,
    strengths=16,
    seeds=5,
    epochs=10,
    unit_chunks=(64, 256),
    masked=10_000,
    concepts=4_100,
    described=1_024,
    terms=5,
    unit_groups=(32, 128),
    learnt=decompose_dictionary.Size(768, 24_576, 32, 4_096, 20, 1),  # GPT-2's, of 32 times its width
)

TINY = Size(
    name="tiny",
    matrix=64,
    repeats=1,
    patience=5,  # a test may share its processor
    budgets=(2**28,),
    vocabulary=60,
    units=16,
    neurons=3,
    steps=4,
    exact_steps=2,
    samples=2,
    chunks=(3,),
    ngrams=50,
    ngram_chunks=(50,),
    sentences=20,
    batches=(8,),
    passed=(2, 8),
    explained=2,
    longest=8,
    nodes=4,
    together=(4,),
    ablated=(8,),
    words=120,
    ranked=12,
    labels=3,
    strengths=2,
    seeds=2,
    epochs=2,
    unit_chunks=(4,),
    masked=200,
    concepts=20,
    described=4,
    terms=2,
    unit_groups=(2,),
    learnt=decompose_dictionary.TINY,
)

SIZES = {size.name: size for size in (FULL, TINY)}
