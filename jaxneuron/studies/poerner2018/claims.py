"""The findings of the paper and checks of our own, each re-measured: true or false as it came out."""

from typing import Any

Results = dict[str, dict[str, dict[str, Any]]]
Claim = dict[str, Any]

PAPER = "Poerner et al. 2018, section 3.2.3"
FOUR = ("visual/projection", "textual/projection", "visual/gru", "textual/gru")
GUMBEL = "gumbel_softmax"


def claims(results: Results, content: dict[str, Any]) -> list[Claim]:
    """Return every claim with the figure that decides it."""
    return [
        *(_beats(results, setting) for setting in FOUR),
        *(_effect(results, setting) for setting in FOUR),
        *(_not_competitive(results, method) for method in ("embedding", "logit", "softmax")),
        _behind_gumbel(results),
        *_cosine(content["nearest_cosine"]),
        *_syntax(content["function_words"]),
        *_model(content["model"]),
    ]


def _claim(claim: str, source: str, holds: bool, figure: float | None, note: str = "") -> Claim:
    return {"claim": claim, "source": source, "holds": bool(holds), "figure": figure, "note": note}


def _beats(results: Results, setting: str) -> Claim:
    row = results[setting][GUMBEL]
    p, t = row["p"], row["t"]
    return _claim(
        f"{setting}: gumbel softmax finds n-grams of higher activation than corpus search (paired t-test, p < 0.001)",
        PAPER,
        p is not None and p < 0.001 and t > 0,
        p,
        f"t = {t:.1f}, n = {row['n']}; better on {row['better']}, worse on {row['worse']}" if t is not None else "",
    )


def _effect(results: Results, setting: str) -> Claim:
    least = 1.5 if setting.startswith("visual") else 1.0
    row = results[setting][GUMBEL]
    d_z, of_gain = row["d_z"], row["d_z_gain"]
    return _claim(
        f"{setting}: the effect is large, d_z of at least {least}",
        "our own check; the paper's t-values mean 1.6 to 2.7",
        d_z is not None and d_z >= least,
        d_z,
        f"of the gains, where units of small range count as much: {of_gain:.2f}" if of_gain is not None else "",
    )


def _not_competitive(results: Results, method: str) -> Claim:
    rows = [results[setting][method] for setting in FOUR]
    below = sum(row["mean"] < results[setting]["corpus"]["mean"] for setting, row in zip(FOUR, rows, strict=True))
    return _claim(
        f"{method} is not competitive with corpus search (lower mean activation in all four settings)",
        PAPER,
        below == 4,
        below,
        f"below corpus search in {below} of 4 settings; the paper's code gave it less compute and no tuning",
    )


def _behind_gumbel(results: Results) -> Claim:
    gaps = [results[setting][GUMBEL]["gain"] - results[setting]["softmax"]["gain"] for setting in FOUR]
    return _claim(
        "gumbel softmax gains more than a softmax that is tuned as well, in all four settings",
        "our own check, not in the paper, whose softmax was not tuned",
        min(gaps) > 0,
        min(gaps),
        "smallest difference of the mean gains, in standard deviations",
    )


def _cosine(cosine: dict[str, float]) -> list[Claim]:
    mean = sum(cosine.values()) / len(cosine)
    return [
        _claim(
            "optimised embeddings are far from real words (mean cosine to the nearest below 0.5; the paper: 0.24)",
            "Poerner et al. 2018, section 2.1",
            mean < 0.5,
            mean,
        )
    ]


def _syntax(shares: dict[str, dict[str, float]]) -> list[Claim]:
    visual, textual = (shares[setting] for setting in ("visual/projection", "textual/projection"))
    return [
        _claim(
            "optimal inputs of the visual pathway rarely have function words, contrary to what corpus search suggests",
            "Poerner et al. 2018, section 3.3",
            visual[GUMBEL] < 0.5 * visual["corpus"],
            visual[GUMBEL],
            f"corpus search: {visual['corpus']:.2f}",
        ),
        _claim(
            "the language pathway keeps more function words in its optimal inputs than the visual one",
            "Poerner et al. 2018, section 3.3",
            textual[GUMBEL] > visual[GUMBEL],
            textual[GUMBEL] - visual[GUMBEL],
        ),
    ]


def _model(model: dict[str, Any]) -> list[Claim]:
    perplexity, precision = model["perplexity"], model.get("average_precision")
    made = [
        _claim(
            f"Imaginet's language pathway beats {name} on dev perplexity",
            "our own check",
            perplexity["imaginet"] < perplexity[key],
            perplexity["imaginet"],
            f"{name}: {perplexity[key]:.1f}",
        )
        for key, name in (("unigram", "a unigram model"), ("kneser_ney", "an interpolated Kneser-Ney trigram"))
    ]
    if precision:
        made.append(
            _claim(
                "Imaginet's visual pathway beats ridge regression on word counts in label mean average precision",
                "our own check",
                precision["imaginet"] > precision["ridge"],
                precision["imaginet"],
                f"ridge: {precision['ridge']:.3f}, chance: {precision['random']:.3f}",
            )
        )
    return made
