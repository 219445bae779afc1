import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from jaxneuron.studies import running


class Page(HTMLParser):
    """The elements and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.ids, self.words, self.open = [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids.add(dict(attrs).get("id"))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def written(directory):
    running.draw(directory)
    text = (directory / "report.html").read_text(encoding="utf-8")
    return text, Page(text)


def test_the_page_loads_nothing_and_holds_vega_once(directory):
    text, page = written(directory)
    for tag, attributes in page.elements:
        assert "src" not in attributes and tag not in ("link", "iframe", "object", "embed", "base", "img")
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.S))
    assert "url(" not in styles and "@import" not in styles
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "http" not in policy  # the browser itself refuses the network
    assert text.count("window.vegaEmbed=") == 1
    assert len(text) < 3_000_000


def test_every_chart_has_its_place_and_every_link_its_section(directory):
    text, page = written(directory)
    charts = json.loads(re.search(r'<script id="charts"[^>]*>(.*?)</script>', text, re.S).group(1))
    assert set(charts) <= page.ids
    assert {"activations-0", "gains", "learning-curves", "groups-1"} <= set(charts)
    anchors = {a["href"][1:] for t, a in page.elements if t == "a" and a["href"].startswith("#")}
    assert anchors <= page.ids


def test_the_text_says_what_the_numbers_say(directory, run, leave_run):
    _, page = written(directory)
    assert "Gumbel softmax finds more activating inputs than corpus search in all 5 settings" in page.text
    assert "not reproduced" in page.text and "5-gram" in page.text
    results, found = run
    for rows in results["results"].values():
        rows["gumbel_softmax"] |= {"gain": -0.5, "t": -9.0, "d_z": -1.0}
    _, page = written(leave_run(directory, results, found))
    assert "Gumbel softmax finds more activating inputs than corpus search in none of 5 settings" in page.text
    assert "beats" not in page.text.split("Numbers")[0]


@pytest.mark.parametrize(
    ("keys", "section"),
    [
        (["naming"], "naming"),
        (["function_words"], "function-words"),
        (["groups"], "groups"),
        (["table1"], "table-1"),
        (["claims"], "claims"),
        (["model"], "model"),
        (["model", "groups", "naming", "function_words", "nearest_cosine", "table1", "claims", "settings"], "settings"),
    ],
)
def test_a_missing_key_leaves_its_section_out(directory, run, leave_run, keys, section):
    assert section in written(directory)[1].ids
    results, found = run
    for key in keys:
        del results[key]
    if section == "settings":
        for rows in results["results"].values():
            for row in rows.values():
                del row["settings"]
    _, page = written(leave_run(directory, results, found))
    assert section not in page.ids and "numbers" in page.ids
    assert not any(a.get("href") == f"#{section}" for _, a in page.elements)


def test_partial_values_do_not_break_the_page(directory, run, leave_run):
    results, found = run
    del results["results"]["visual/projection"]["logit"]
    results["results"]["mine"] = {"my_method": {"mean": 1.0}}
    results["model"] = {"perplexity": {"imaginet": 3.0}, "curves": [{"step": 1, "train_loss": None}]}
    results["naming"] = {"corpus": {"named": None}}
    results["function_words"] = {"elsewhere": {"corpus": 0.5}}
    results["claims"] = [{"claim": "so be it", "source": None, "holds": None, "figure": [1, 2.5], "note": None}]
    found[0]["score"], found[1]["gain"] = float("-inf"), float("nan")
    text, page = written(leave_run(directory, results, found))
    assert "not measured" in page.text and "my method" in page.text
    data = re.search(r'<script id="found"[^>]*>(.*?)</script>', text, re.S).group(1)
    assert json.loads(data, parse_constant=pytest.fail)[0]["score"] is None


def test_a_run_with_nothing_found_still_has_a_page(directory, run, leave_run):
    results, _ = run
    _, page = written(leave_run(directory, results, []))
    assert "figure-1" not in page.ids and "all" not in page.ids and "n-gram" in page.text


def test_words_of_the_text_cannot_become_markup(directory, run, leave_run):
    results, found = run
    attack = "</script><script>alert(1)</script><!--<b>"
    found[0] |= {"name": attack, "ngram": attack}
    results["table1"][0] |= {"name": attack, "crp": attack}
    results["device"] = attack
    text, page = written(leave_run(directory, results, found))
    assert attack not in text and "<script>alert" not in text
    data = re.search(r'<script id="found"[^>]*>(.*?)</script>', text, re.S).group(1)
    assert json.loads(data)[0]["name"] == attack
    assert attack in page.text


def test_writing_leaves_no_other_file_and_repeats_itself(directory):
    first = written(directory)[0]
    assert written(directory)[0] == first
    assert {path.name for path in directory.iterdir()} == {"results.json", "found.jsonl", "report.html"}


@pytest.mark.parametrize(
    ("file", "text", "error", "message"),
    [
        ("results.json", None, FileNotFoundError, "no results.json"),
        ("found.jsonl", None, FileNotFoundError, "no found.jsonl"),
        ("results.json", '{"study": ', ValueError, "results.json is not JSON"),
        ("results.json", "[]", ValueError, "keys 'study' and 'results'"),
        ("results.json", '{"study": "poerner2081", "results": {}}', ValueError, "did you mean 'poerner2018'"),
        ("found.jsonl", '{"setting": "visual/gr', ValueError, "found.jsonl, line 1 is not JSON"),
        ("found.jsonl", '{"setting": "visual/gru"}', ValueError, "line 1, lacks method"),
    ],
)
def test_a_bad_run_is_refused_with_a_remedy(directory, file, text, error, message):
    path = directory / file
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=re.escape(message)):
        running.draw(directory)
    assert not (directory / "report.html").exists()


def browser():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def dumped(page, profile):
    """Return the document as the browser has it once the page's scripts have run."""
    quiet = "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
    command = [browser(), "--headless", "--no-sandbox", "--disable-sync", *quiet.split(), "--dump-dom"]
    command += ["--virtual-time-budget=15000", f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=180).stdout


@pytest.mark.slow
@pytest.mark.skipif(browser() is None, reason="needs chromium")
def test_a_browser_draws_all_charts_and_the_table(directory, run, tmp_path):
    text, _ = written(directory)
    shown = dumped(directory / "report.html", tmp_path / "profile")
    charts = json.loads(re.search(r'<script id="charts"[^>]*>(.*?)</script>', text, re.S).group(1))
    assert f'data-charts="{len(charts)}"' in shown
    assert len(re.findall(r'<svg[^>]* class="marks"', shown)) == len(charts)
    targets = len({(row["setting"], row["target"]) for row in run[1]})
    assert f"20 of {targets} targets shown" in shown
    table = shown[shown.index('<table id="targets"') :]
    assert table[: table.index("</table>")].count("<tr>") == 1 + 20


@pytest.mark.slow
@pytest.mark.skipif(browser() is None, reason="needs chromium")
def test_the_search_keeps_what_matches_and_the_order_sorts(directory, run, tmp_path):
    text, _ = written(directory)
    act = "for (const [id, value] of [['search', 'umbrella'], ['order', 'gain']]) {\n"
    act += "const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event('input')); }"
    page = tmp_path / "page.html"
    page.write_text(text.replace("</body>", f"<script>{act}</script></body>"), encoding="utf-8")
    shown = dumped(page, tmp_path / "profile")
    best = {}
    for row in run[1]:
        if row["gain"] is not None and row["name"] == "umbrella":
            best[row["setting"]] = max(row["gain"], best.get(row["setting"], row["gain"]))
    assert f"{len(best)} of {len(best)} targets shown" in shown
    table = shown[shown.index('<table id="targets"') :]
    gains = re.findall(r'class="top"[^>]*>.*?\(([+−][\d.]+)\)', table[: table.index("</table>")])
    assert gains == [f"+{gain:.2f}" for gain in sorted(best.values(), reverse=True)]
