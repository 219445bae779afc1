"""The findings of the paper and checks of our own, each re-measured: true or false as it came out."""

from jaxneuron.report.text import known
from jaxneuron.studies import Claim
from jaxneuron.studies.poerner2018.labels import (
    FIGURE1,
    TEXTUAL_PROJECTION,
    VISUAL_GRU,
    VISUAL_PROJECTION,
    Setting,
)
from jaxneuron.studies.poerner2018.results import CORPUS, GUMBEL, Figures, ModelReport, Results

PAPER = "Poerner et al. 2018, section 3.2.3"


def claims(results: Results) -> list[Claim]:
    """Return every claim with the figure that decides it."""
    four = {setting: results.results[setting.key] for setting in FIGURE1}
    return [
        *(_beats(setting, rows[GUMBEL]) for setting, rows in four.items()),
        *(_effect(setting, rows[GUMBEL]) for setting, rows in four.items()),
        *(_not_competitive(list(four.values()), method) for method in ("embedding", "logit", "softmax")),
        _behind_gumbel(list(four.values())),
        _cosine(results.nearest_cosine),
        *_syntax(results.function_words),
        *(_model(results.model) if results.model else ()),
    ]


def _beats(setting: Setting, row: Figures) -> Claim:
    p, t = row.p, row.t
    return Claim(
        f"{setting.key}: gumbel softmax finds n-grams of higher activation than corpus search (paired t-test, "
        "p < 0.001)",
        PAPER,
        p < 0.001 and t > 0,
        p,
        f"t = {t:.1f}, n = {row.n}; better on {row.better}, worse on {row.worse}" if known(t) else "",
    )


def _effect(setting: Setting, row: Figures) -> Claim:
    least = 1.5 if setting in (VISUAL_PROJECTION, VISUAL_GRU) else 1.0
    of_gain = row.d_z_gain
    return Claim(
        f"{setting.key}: the effect is large, d_z of at least {least}",
        "our own check; the paper's t-values mean 1.6 to 2.7",
        row.d_z >= least,
        row.d_z,
        f"of the gains, where units of small range count as much: {of_gain:.2f}" if known(of_gain) else "",
    )


def _not_competitive(settings: list[dict[str, Figures]], method: str) -> Claim:
    below = sum(rows[method].mean < rows[CORPUS].mean for rows in settings)
    return Claim(
        f"{method} is not competitive with corpus search (lower mean activation in all four settings)",
        PAPER,
        below == 4,
        below,
        f"below corpus search in {below} of 4 settings; the paper's code gave it less compute and no tuning",
    )


def _behind_gumbel(settings: list[dict[str, Figures]]) -> Claim:
    gaps = [rows[GUMBEL].gain - rows["softmax"].gain for rows in settings]
    return Claim(
        "gumbel softmax gains more than a softmax that is tuned as well, in all four settings",
        "our own check, not in the paper, whose softmax was not tuned",
        min(gaps) > 0,
        min(gaps),
        "smallest difference of the mean gains, in standard deviations",
    )


def _cosine(cosine: dict[str, float]) -> Claim:
    mean = sum(cosine.values()) / len(cosine)
    return Claim(
        "optimised embeddings are far from real words (mean cosine to the nearest below 0.5; the paper: 0.24)",
        "Poerner et al. 2018, section 2.1",
        mean < 0.5,
        mean,
    )


def _syntax(shares: dict[str, dict[str, float]]) -> list[Claim]:
    visual, textual = (shares[setting.key] for setting in (VISUAL_PROJECTION, TEXTUAL_PROJECTION))
    return [
        Claim(
            "optimal inputs of the visual pathway rarely have function words, contrary to what corpus search suggests",
            "Poerner et al. 2018, section 3.3",
            visual[GUMBEL] < 0.5 * visual[CORPUS],
            visual[GUMBEL],
            f"corpus search: {visual[CORPUS]:.2f}",
        ),
        Claim(
            "the language pathway keeps more function words in its optimal inputs than the visual one",
            "Poerner et al. 2018, section 3.3",
            textual[GUMBEL] > visual[GUMBEL],
            textual[GUMBEL] - visual[GUMBEL],
        ),
    ]


def _model(model: ModelReport) -> list[Claim]:
    made, perplexity, precision = [], model.perplexity, model.average_precision
    if perplexity:
        others = (
            ("a unigram model", perplexity.unigram),
            ("an interpolated Kneser-Ney trigram", perplexity.kneser_ney),
        )
        made += [
            Claim(
                f"Imaginet's language pathway beats {name} on dev perplexity",
                "our own check",
                perplexity.imaginet < other,
                perplexity.imaginet,
                f"{name}: {other:.1f}",
            )
            for name, other in others
        ]
    if precision:
        made.append(
            Claim(
                "Imaginet's visual pathway beats ridge regression on word counts in label mean average precision",
                "our own check",
                precision.imaginet > precision.ridge,
                precision.imaginet,
                f"ridge: {precision.ridge:.3f}, chance: {precision.random:.3f}",
            )
        )
    return made
