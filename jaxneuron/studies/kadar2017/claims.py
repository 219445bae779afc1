"""The findings of the paper, each re-measured: true or false as it came out; not measured where the text lacks words.

The paper's relations are those of its parser; here they are called as in Universal Dependencies (`case` for prep, `obj`
for dobj, `nmod:poss` for poss, and so on).
"""

from collections.abc import Sequence

from jaxneuron.report.text import known, number
from jaxneuron.studies import Claim
from jaxneuron.studies.kadar2017.results import (
    ORDERS,
    PART,
    RELATION,
    SUM,
    TEXTUAL,
    VISUAL,
    WORD,
    Category,
    Function,
    Predicted,
    Ratio,
    Results,
    of,
)

PAPER = "Kádár et al. 2017, section"

CONTENT, GRAMMAR = ("NOUN", "ADJ", "NUM"), ("ADP", "DET", "PRON")
"""Parts of speech to which the paper finds the visual pathway more sensitive, and the textual one."""

VISUAL_RELATIONS = ("nsubj:pass", "amod", "nsubj", "root", "compound", "obj", "nummod")
TEXTUAL_RELATIONS = (
    *("det", "mark", "case", "aux", "aux:pass", "cc", "nmod:poss", "advmod", "compound:prt", "acl:relcl"),
)
"""The same of relations."""


def claims(results: Results) -> list[Claim]:
    """Return every claim with the figure that decides it."""
    parts, relations, explained = results.categories[PART], results.categories[RELATION], results.regression
    return [
        *_parts(parts),
        _sides(parts, CONTENT, GRAMMAR, "parts of speech"),
        _order(parts),
        _sides(relations, VISUAL_RELATIONS, TEXTUAL_RELATIONS, "relations"),
        *_regressions(explained),
        *_positions(explained),
        _functions(results.functions),
        *_contexts(results.ratios),
        *_model(results),
    ]


def _parts(rows: Sequence[Category]) -> list[Claim]:
    nouns, adjectives, verbs = (of(list(rows), label, VISUAL) for label in ("NOUN", "ADJ", "VERB"))
    there = known(nouns, adjectives, verbs)
    spread = {network: _spread([row.scores[network].median for row in rows]) for network in (VISUAL, TEXTUAL)}
    return [
        Claim(
            "the visual pathway misses nouns most, adjectives less, and verbs still less",
            f"{PAPER} 4.2",
            nouns > adjectives > verbs if there else None,
            nouns / verbs if there else None,
            f"medians {nouns:.2g}, {adjectives:.2g} and {verbs:.2g}; figure: nouns over verbs",
        ),
        Claim(
            "parts of speech differ less for the textual pathway than for the visual one",
            f"{PAPER} 4.2",
            spread[TEXTUAL] < spread[VISUAL] if known(*spread.values()) else None,
            spread[TEXTUAL],
            f"deviation of the medians over their mean; visual: {number(spread[VISUAL])}",
        ),
    ]


def _spread(medians: Sequence[float]) -> float:
    mean = sum(medians) / len(medians) if medians else 0.0
    if not mean:
        return float("nan")
    return (sum((one - mean) ** 2 for one in medians) / len(medians)) ** 0.5 / mean


def _sides(rows: Sequence[Category], visual: Sequence[str], textual: Sequence[str], what: str) -> Claim:
    """Say whether labels are on the side of the pathway that the paper finds more sensitive to them."""
    right = {row.label: row.log_ratio.median > 0 for row in rows if row.label in visual}
    right |= {row.label: row.log_ratio.median < 0 for row in rows if row.label in textual}
    wrong = [label for label, one in right.items() if not one]
    absent = [label for label in (*visual, *textual) if label not in right]
    note = f"share of {len(right)} on their side of 0" + (f"; not {', '.join(wrong)}" if wrong else "")
    return Claim(
        f"the log ratio of visual to textual omission scores is above 0 for {what} such as {', '.join(visual[:3])}, "
        f"below 0 for such as {', '.join(textual[:3])}",
        f"{PAPER} 4.2",
        not wrong if right else None,
        sum(right.values()) / len(right) if right else None,
        note + (f"; too rare: {', '.join(absent)}" if absent else ""),
    )


def _order(rows: Sequence[Category]) -> Claim:
    content, grammar = ([row.log_ratio.median for row in rows if row.label in group] for group in (CONTENT, GRAMMAR))
    there = bool(content and grammar)
    gap = min(content) - max(grammar) if there else None
    return Claim(
        "in relative terms, the visual pathway misses nouns, adjectives and numerals more, the textual one "
        "adpositions, determiners and pronouns",
        f"{PAPER} 4.2",
        gap > 0 if gap is not None else None,
        gap,
        "the lowest median log ratio of the former minus the highest of the latter",
    )


def _regressions(rows: dict[str, Predicted]) -> list[Claim]:
    visual, textual, bag = rows[VISUAL], rows[TEXTUAL], rows[SUM]
    gains = {name: row.position - row.word for name, row in rows.items()}
    alone = f"; which word it is alone: {number(visual.word, 3)}"
    return [
        _larger(
            "which word it is predicts the omission score better for the visual pathway than for the textual one",
            "R² 0.490 and 0.364",
            visual.word,
            textual.word,
        ),
        Claim(
            "its position adds much for the textual pathway, little for the visual one",
            f"{PAPER} 4.3, table 1: 0.339 and 0.016 more",
            gains[TEXTUAL] > gains[VISUAL],
            gains[TEXTUAL] - gains[VISUAL],
            f"R² grows by {number(gains[TEXTUAL], 3)} and {number(gains[VISUAL], 3)}",
        ),
        _larger(
            "for the visual pathway its relation tells more than its position",
            "0.515 and 0.506",
            visual.deprel,
            visual.position,
            alone,
        ),
        _larger(
            "for the visual pathway its relation tells more even where word and position are known",
            "0.523 and 0.506",
            visual.full,
            visual.position,
            alone,
        ),
        Claim(
            "for a sum of word vectors, which knows no order, position adds next to nothing",
            f"{PAPER} 4.3, table 1: 0.007 more; here the sum of Imaginet's own word vectors",
            gains[SUM] < gains[TEXTUAL] and gains[SUM] < 0.05,
            gains[SUM],
            f"R² {number(bag.word, 3)} and {number(bag.position, 3)}; held to: less than for the textual pathway, and "
            "less than 0.05",
        ),
    ]


def _larger(claim: str, table: str, one: float, other: float, beside: str = "") -> Claim:
    """Return the claim that one share of the variance is larger than another."""
    note = f"R² {number(one, 3)} and {number(other, 3)}{beside}"
    return Claim(claim, f"{PAPER} 4.3, table 1: {table}", one > other, one - other, note)


def _positions(rows: dict[str, Predicted]) -> list[Claim]:
    textual, visual = rows[TEXTUAL].coefficients, rows[VISUAL].coefficients
    early = [textual[where] for where in ("first", "second", "third", "middle", "antepenult")]
    front, behind = visual["first"], max(visual["middle"], visual["antepenult"])
    return [
        Claim(
            "for the textual pathway the end of the sentence counts: the coefficient of the last position is the "
            "largest, and all up to the antepenult are negative",
            f"{PAPER} 4.3.2, figure 9: 0.053 for the last, −0.010 to −0.018 before",
            textual["last"] == max(textual.values()) and max(early) < 0 if known(*textual.values()) else None,
            textual["last"],
            "; ".join(f"{where} {number(value, 3, sign=True)}" for where, value in textual.items()),
        ),
        Claim(
            "the visual pathway misses the beginning of the sentence more than its middle",
            f"{PAPER} 4.3.2, figure 9: 0.013 for the first, −0.015 for the middle, 0.006 for the last",
            front > behind if known(front, behind) else None,
            front - behind,
            "; ".join(f"{where} {number(value, 3, sign=True)}" for where, value in visual.items()),
        ),
    ]


def _functions(rows: Sequence[Function]) -> Claim:
    differences = []
    for word in dict.fromkeys(row.word for row in rows):
        own = {row.deprel: row.median for row in rows if row.word == word}
        main = [own[label] for label in ("nsubj", "root") if label in own]
        if main and "conj" in own:
            differences.append(min(main) - own["conj"])
    return Claim(
        "of the words whose relation tells most, the visual scores are higher as subject or root than as conjunct",
        f"{PAPER} 4.3.1",
        min(differences) > 0 if differences else None,
        min(differences) if differences else None,
        f"the smallest difference of medians, of {len(differences)} words that are met as both",
    )


def _contexts(rows: Sequence[Ratio]) -> list[Claim]:
    made = []
    for order in ORDERS:
        words, relations = (next((r for r in rows if (r.kind, r.order) == (k, order)), None) for k in (WORD, RELATION))
        if words and relations and known(words.log_ratio, relations.log_ratio):
            made.append(
                Claim(
                    f"textual units tell more about contexts of {order} relation{'s' * (order > 1)} than visual ones, "
                    "compared with contexts of as many words; the bootstrap's ranges do not overlap",
                    f"{PAPER} 4.4, figure 11",
                    relations.low > words.high,
                    relations.log_ratio - words.log_ratio,
                    f"log ratio of the medians {number(relations.log_ratio, sign=True)} for relations, "
                    f"{number(words.log_ratio, sign=True)} for words",
                )
            )
    return made


def _model(results: Results) -> list[Claim]:
    perplexity, precision = results.model.perplexity, results.model.average_precision
    made = []
    if perplexity:
        made.append(
            Claim(
                "the language pathway that is analysed beats a unigram model on dev perplexity",
                "our own check",
                perplexity.imaginet < perplexity.unigram,
                perplexity.imaginet,
                f"unigram: {number(perplexity.unigram, 1)}; Kneser–Ney trigram: {number(perplexity.kneser_ney, 1)}",
            )
        )
    if precision:
        made.append(
            Claim(
                "the visual pathway that is analysed beats ridge regression on word counts in mean average precision",
                "our own check",
                precision.imaginet > precision.ridge,
                precision.imaginet,
                f"ridge regression on word counts: {number(precision.ridge, 4)}, chance: {number(precision.random, 3)}",
            )
        )
    return made
