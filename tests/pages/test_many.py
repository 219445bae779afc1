"""Twelve thousand units: the index opens, searches and sorts; how long that takes is printed, not asserted."""

import statistics

import pytest

from jaxneuron.report.atlas import write
from tests.report.atlas import made

SITES = [
    "embed",
    *(f"block{layer}/residual" for layer in range(6)),
    *(f"block{layer}/mlp/hidden" for layer in range(6)),
]
TYPED = ("v", "ve", "verdict", "token:1984", "concept:law", 'description:"unit 77"', "score>0.5 site:mlp", "nothing")

SHOWN = """async ([selector, event, value]) => {
  const element = document.querySelector(selector), began = performance.now();
  if (event === "click") element.click();
  else {
    element.value = value;
    element.dispatchEvent(new Event(event, { bubbles: true }));
  }
  await new Promise(requestAnimationFrame);
  await new Promise((resolve) => setTimeout(resolve));
  return performance.now() - began;
}"""
"""Milliseconds from what a reader does to the picture that answers it."""


def units():
    """Yield units as many as those of a small encoder, of a few different kinds."""
    models = [made.unit("embed", number, plain=True) for number in range(100)]
    for site in SITES:
        for number in range(1536 if "mlp" in site else 384):
            one = models[number % len(models)]
            said = one.descriptions[0]._replace(text=f"fires at “{made.WORDS[number % 21]}”, unit {number}")
            yield one._replace(identity=one.identity._replace(site=site, unit=number), descriptions=[said])


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    out = tmp_path_factory.mktemp("many")
    write.write(out, units())
    return out


def test_the_index_of_twelve_thousand_units(visitor, many, capsys):
    opened = []
    for _ in range(5):
        page = visitor.open(many, "index.html")
        opened.append(page.evaluate("performance.now()"))
    assert page.locator("p[aria-live]").inner_text() == "All 11,904 units."
    answered = [page.evaluate(SHOWN, ["#search", "input", text]) for text in TYPED * 3]
    page.fill("#search", 'description:"unit 77"')
    assert page.locator("p[aria-live]").inner_text() == "73 of 11,904 units."
    page.fill("#search", "")
    names = ("mean", "score", "description", "unit")
    ordered = [page.evaluate(SHOWN, [".pair select", "change", name]) for name in names]
    assert page.locator(".list .space .c.unit").first.inner_text() == "1535"
    views = ["last-child", "first-child"] * 2
    drawn = [page.evaluate(SHOWN, [f".tabs button:{which}", "click", ""]) for which in views]
    assert page.locator(".list .space .c.unit").first.inner_text() == "1535"
    size = sum((many / name).stat().st_size for name in ("index.html", "index.js", "manifest.js"))
    with capsys.disabled():
        for name, values in (("open", opened), ("search", answered), ("sort", ordered), ("table or map", drawn)):
            print(f"\n{name}: median {statistics.median(values):.0f} ms, at most {max(values):.0f} ms", end="")
        print(f"\nindex as loaded: {size / 1e6:.1f} MB")
