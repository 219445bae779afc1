"""Records of units that nobody measured, for pages that must hold many, and hostile text."""

from collections.abc import Iterator

import numpy as np

from jaxneuron.report.atlas import passages
from jaxneuron.report.atlas.unit import (
    BestInput,
    Bin,
    Change,
    Concept,
    Description,
    Distribution,
    Effect,
    Estimate,
    Example,
    Examples,
    Figure,
    Identity,
    Neighbour,
    Polarity,
    Provenance,
    Recurrence,
    Scored,
    SignCase,
    Source,
    Unit,
    Weights,
    Written,
)

HOSTILE = "<script>document.title='owned'</script>"
"""What a corpus may hold: it must stay text."""

WORDS = "the a of , . and river bank stone walked under old bridge quietly she who in 1984 ( ) law verdict".split()
LEVELS = np.asarray([0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999])

PROVENANCE = Provenance(
    Source("made.conllu", "0123456789abcdef", "dev", texts=40, words=480),
    "jaxneuron atlas --model made --data made.conllu --out atlas --seed 7",
    7,
    {"jaxneuron": "0.1.0", "jax": "0.8"},
    created="2026-01-02",
)


def texts(count: int = 40, *, seed: int = 0) -> list[list[str]]:
    """Return some texts; the second holds a script."""
    draw = np.random.default_rng(seed)
    made = [draw.choice(WORDS, size=draw.integers(8, 17)).tolist() for _ in range(count)]
    made[1][2] = HOSTILE
    return made


def kept(units: int, sites: list[str], *, seed: int = 0) -> passages.Passages:
    """Return texts with values; unit 3 of each site is on at commas, and unit 4 as well."""
    tokens = texts(seed=seed)
    words = [word for text in tokens for word in text]
    comma = np.asarray([word == "," for word in words], np.float32)
    values = {}
    for number, site in enumerate(sites):
        draw = np.random.default_rng(seed + number)
        values[site] = draw.normal(size=(len(words), units)).astype(np.float32)
        values[site][:, 3:5] = comma[:, None] * 5 + 0.01 * draw.normal(size=(len(words), 2))
    return passages.Passages(tokens, values)


def unit(site: str, number: int, *, units: int = 8, plain: bool = False) -> Unit:
    """Return a record with every part, or with those alone that one pass gives."""
    draw = np.random.default_rng([number, len(site)])
    mean, deviation = float(draw.normal()), float(draw.uniform(0.2, 2))
    values = np.sort(draw.normal(mean, deviation, size=400))
    counts, edges = np.histogram(values, 30)
    corpus = texts(seed=0)

    def example(value: float) -> Example:
        text = int(draw.integers(len(corpus)))
        tokens = corpus[text]
        word = int(draw.integers(len(tokens)))
        own = draw.normal(mean, deviation, size=len(tokens))
        own[word] = value
        return Example(text, word, tokens, own, split="find")

    def side(ends: np.ndarray) -> Polarity:
        cut = float(np.median(ends))
        low, high = min(cut, float(ends[0])), max(cut, float(ends[0]))
        bins = [] if plain else [Bin(low, high, 40, 0.1, 2, [example(high), example(low)])]
        return Polarity([example(float(value)) for value in ends], bins)

    spread = Distribution(
        400,
        Estimate(mean, mean - 0.1, mean + 0.1),
        deviation**2,
        float(values[0]),
        float(values[-1]),
        Estimate(float((values > 0).mean()), 0.1, 0.2),
        0.1,
        3.0,
        LEVELS,
        np.quantile(values, LEVELS),
        edges,
        counts,
        0.0,
        number % 97 == 5,
    )
    most = 3 if plain else 8
    examples = Examples(side(values[::-1][:most]), side(values[:most]), "at most one place of each text is shown")
    identity = Identity("made", site, number, fingerprint="feed", weights=Weights(1.0, 2.0, kind="depletion"))
    word = WORDS[number % len(WORDS)]
    score = float(draw.uniform(-0.1, 1))
    base = Unit(
        identity,
        PROVENANCE,
        spread,
        examples=examples,
        concepts=[
            Concept(
                f"{word} OR NOT noun",
                "average precision",
                Estimate(score, score - 0.1, score + 0.1),
                Estimate(0.1, 0, 0.2),
                score + 0.05,
                0.01,
            )
        ],
        descriptions=[
            Description(
                f"fires at “{word}”, unit {number}",
                "token look-up",
                "correlation",
                Estimate(score, score - 0.1, score + 0.1),
                Estimate(0.01, -0.1, 0.1),
                "held-out",
                [] if plain else [Figure("auroc", Estimate(0.9, 0.8, 1.0), Estimate(0.5))],
            )
        ],
        neighbours=[
            Neighbour(site, (number + step) % units, "correlation", 0.9 / step, shared=3) for step in range(1, 4)
        ],
    )
    if plain:
        return base
    others = [
        Neighbour(site, (number + step) % units, measure, 0.5)
        for step, measure in enumerate(("upstream", "downstream", "cosine of inputs", "cosine of outputs"), 1)
    ]
    return base._replace(
        neighbours=[*base.neighbours, *others],
        sign_cases=[SignCase("+", "-", 0.25, -0.1, -1.0, 0.0, [example(0.0)]), SignCase("+", "+", 0.5, 0.8, 0.0, 3.0)],
        inputs=[
            BestInput("gumbel", ["the", ",", "bank"], 7.5, percentile=99.9, certificate="best of 21^3, exhaustive"),
            BestInput("gumbel", ["a", "river"], -6.5, "-", percentile=0.01),
        ],
        writes=[Written("vocabulary", [Scored(word, 1.5), Scored(HOSTILE, 1.0)], [Scored("law", -1.0)], 0.97)],
        effects=[
            Effect("mean", Estimate(0.01, 0.0, 0.02), Estimate(0.002), [Change("river", 0.2, 0.1)]),
            Effect("zero", turned=Estimate(0.03, 0.01, 0.05), at="block1/residual"),
        ],
        recurrence=[Recurrence("seed 1", site, 3, 0.8, 0.3)],
    )


def units(sites: list[str], count: int, *, plain: bool = True) -> Iterator[Unit]:
    """Yield so many units of each site."""
    for site in sites:
        for number in range(count):
            yield unit(site, number, units=count, plain=plain)
