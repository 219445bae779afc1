"""The folder of an atlas holds what it was given, whatever that is called and however much it is."""

import base64
import csv
import json
import re
import urllib.error
import urllib.request
import zlib
from threading import Thread

import numpy as np
import pyarrow.parquet as parquet
import pytest

from jaxneuron.report.atlas import passages, plain, read, rows, serve, write
from tests.report.atlas import made

SITES = ["block0/residual", "block0.residual"]


def unpacked(path) -> bytes:
    found = re.fullmatch(r'atlas\.put\("([^"]+)","([A-Za-z0-9+/=]*)"\);\n', path.read_text())
    assert found, path
    return zlib.decompress(base64.b64decode(found[2]))


UNITS = 20


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    out = tmp_path_factory.mktemp("atlas")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "SHARD", 32)
        assert write.write(out, made.units(SITES, UNITS), kept=made.kept(UNITS, SITES[:1])) == out / "index.html"
    return out


def test_records_are_in_shards_and_come_back(atlas):
    shards = sorted((atlas / "units").glob("*.json"))
    assert [len(json.loads(path.read_text())["units"]) for path in shards] == [32, 8]
    given = [plain.plain(one) for one in made.units(SITES, UNITS)]
    assert [plain.plain(one) for one in read.units(atlas)] == given


def test_each_unit_has_a_script_of_its_own(atlas):
    manifest = json.loads((atlas / "atlas.json").read_text())
    assert [(one["name"], one["ranges"]) for one in manifest["sites"]] == [
        (site, {"unit": [[0, UNITS - 1]]}) for site in SITES
    ]
    folders = [one["folder"] for one in manifest["sites"]]
    assert len({name.lower() for name in folders}) == 2
    for site, folder in zip(SITES, folders, strict=True):
        content = unpacked(atlas / "units" / folder / f"{UNITS - 1}.js")
        assert json.loads(content) == plain.plain(made.unit(site, UNITS - 1, units=UNITS, plain=True))


def test_no_text_of_the_corpus_is_code(atlas):
    for path in atlas.rglob("*.js"):
        assert "owned" not in path.read_text()
    for path in atlas.rglob("*.html"):
        assert "owned" not in path.read_text() and "unsafe-eval" not in path.read_text()


@pytest.mark.parametrize("site", ["..", "/", "a b", "<script>", "ü", "con:1", "", "a\nb"])
def test_any_name_of_a_site_is_a_folder(tmp_path, site):
    write.write(tmp_path, made.units([site, f"{site}."], 1))
    folders = [path for path in (tmp_path / "units").iterdir() if path.is_dir()]
    assert len(folders) == 2 and all(re.fullmatch(r"[\w.-]+", path.name, re.ASCII) for path in folders)
    assert [one.identity.site for one in read.units(tmp_path)] == [site, f"{site}."]


def test_the_index_is_the_same_three_times(atlas):
    columns = json.loads(unpacked(atlas / "index.js"))
    table = parquet.read_table(atlas / "index.parquet")
    assert table.column_names == list(columns) == list(rows.Row._fields)
    assert table.to_pydict() == columns
    with (atlas / "index.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert len(written) == 2 * UNITS
    assert [row["description"] for row in written] == columns["description"]
    np.testing.assert_allclose([float(row["mean"]) for row in written], columns["mean"])


def test_a_row_says_what_the_record_says():
    one = made.unit("block0", 3)
    row = rows.row(one)
    top = one.examples.positive.top[0]
    assert (row.site, row.unit, row.dead) == ("block0", 3, False)
    assert row.score == pytest.approx(one.descriptions[0].score.value, abs=1e-5)
    assert row.high_words.split()[0] == top.tokens[top.word] and f"[{top.tokens[top.word]}]" in row.high_place
    assert row.correlation == 0.9
    bare = rows.row(one._replace(descriptions=(), concepts=(), examples=None, effects=(), neighbours=()))
    assert (bare.description, bare.score, bare.loss, bare.correlation, bare.high_words) == ("", None, None, None, "")


def test_values_of_the_texts_come_back(atlas):
    kept = made.kept(UNITS, SITES[:1])
    manifest = json.loads((atlas / "atlas.json").read_text())
    assert manifest["texts"] == [[0, len(kept.tokens) - 1]]
    assert json.loads(unpacked(atlas / "texts/texts.js"))["tokens"] == kept.tokens
    said = manifest["values"][SITES[0]]
    folder = atlas / "texts" / said["folder"]
    scale = json.loads(unpacked(folder / "scale.js"))
    codes = [np.frombuffer(unpacked(folder / f"{i}.js"), "<u2").reshape(-1, UNITS) for i in range(len(said["files"]))]
    values = np.concatenate(codes) * scale["step"] + scale["low"]
    width = np.ptp(kept.values[SITES[0]], axis=0)
    assert np.all(np.abs(values - kept.values[SITES[0]]) <= width / passages.STEPS + 1e-4 * width)
    np.testing.assert_allclose(
        scale["quantiles"], np.quantile(kept.values[SITES[0]], scale["levels"], axis=0).T, rtol=1e-4, atol=1e-4
    )


def test_values_are_written_in_files_of_whole_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(passages, "BLOCK", 60)
    tokens = [["a"] * length for length in (3, 9, 1, 2, 5)]
    values = np.arange(20 * 10.0).reshape(20, 10)
    kept = passages.write(tmp_path, passages.Passages(tokens, {"x": values}, [7, 5, 3, 1, 0]), lambda site: site)
    assert kept["x"] == passages.Kept("x", 10, [[0, 1], [1, 2], [2, 4], [4, 5]])
    sizes = [len(unpacked(tmp_path / f"texts/x/{number}.js")) for number in range(4)]
    assert sizes == [2 * 10 * words for words in (3, 9, 3, 5)]


@pytest.mark.parametrize(
    ("units", "kept", "message"),
    [
        ([], None, "no units"),
        ([made.unit("a", 1), made.unit("a", 1)], None, "two records of unit 1 of a"),
        ([made.unit("a", 1)], passages.Passages([["x"]], {"a": np.zeros((2, 3))}), "1 words.* 2 rows"),
        ([made.unit("a", 1)], passages.Passages([["x"]], {"a": np.full((1, 3), np.nan)}), "not finite"),
        ([made.unit("a", 1)], passages.Passages([["x"]], {}, [1, 2]), "2 numbers of 1 texts"),
    ],
)
def test_what_makes_no_atlas_is_refused(tmp_path, units, kept, message):
    with pytest.raises(ValueError, match=message):
        write.write(tmp_path, units, kept=kept)
    with pytest.raises(FileNotFoundError, match="finish it"):
        next(read.units(tmp_path))


def test_records_of_two_models_are_refused(tmp_path):
    one = made.unit("a", 1)
    other = one._replace(identity=one.identity._replace(unit=2, model="another"))
    with pytest.raises(ValueError, match="two models"):
        write.write(tmp_path, [one, other])


def test_kinds_of_one_number_have_a_page_each(tmp_path):
    one = made.unit("a", 1, plain=True)
    feature = one._replace(identity=one.identity._replace(kind="feature"))
    write.write(tmp_path, [one, feature])
    assert {path.name for path in (tmp_path / "units/a").iterdir()} == {"1.js", "feature-1.js"}


def test_progress_is_told_shard_by_shard(tmp_path, monkeypatch):
    assert write.SHARD == 256
    monkeypatch.setattr(write, "SHARD", 2)
    told = []
    write.write(tmp_path, made.units(["a"], 5), written=told.append)
    assert told == [2, 4, 5]


def test_two_shards_of_records_are_held(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "SHARD", 2)
    held, most = [], []

    class Record(type(made.unit("a", 0))):
        __slots__ = ()

        def __new__(cls, record):
            held.append(1)
            most.append(len(held))
            return super().__new__(cls, *record)

        def __del__(self):
            held.pop()

    write.write(tmp_path, (Record(one) for one in made.units(["a"], 15)))
    assert max(most) <= 6  # two shards, the first record, and the one that is made


def test_an_atlas_is_served_on_loopback_alone(atlas, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no index\.html"):
        serve.server(tmp_path)
    server = serve.server(atlas)
    try:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        Thread(target=server.serve_forever, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html") as answer:
            assert answer.read() == (atlas / "index.html").read_bytes()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/../../etc/passwd")
    finally:
        server.shutdown()
        server.server_close()
