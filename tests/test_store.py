import errno
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import store
from jaxneuron.store import _files

ROOT = Path(__file__).parent.parent
SITES = {"embed": 7, "block0/mlp": 10, "block0/mlp/hidden": 33}
SENTENCES = [[f"w{i}.{j}" for j in range(i % 9)] for i in range(50)]  # some are empty
WORDS = sum(map(len, SENTENCES))
GIVEN = {"sites": SITES, "sentences": SENTENCES, "fingerprint": "tiny"}
SMALL = {"shard_words": 40, "chunk": (8, 4)}


def activations(seed=0):
    rng = np.random.default_rng(seed)
    return {site: rng.standard_normal((WORDS, width), np.float32) for site, width in SITES.items()}


def fill(writer, values, start=0, step=13):
    for first in range(start, WORDS, step):
        writer.write(first, {site: value[first : first + step] for site, value in values.items()})


def files(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture
def values():
    return activations()


@pytest.fixture
def made(tmp_path, values):
    with store.create(tmp_path / "made", **GIVEN, **SMALL) as writer:
        fill(writer, values)
    return store.open(tmp_path / "made")


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("shape", [{}, SMALL, {"shard_words": 3, "chunk": (3, 100)}])
def test_what_is_read_is_what_was_written(tmp_path, values, dtype, shape):
    with store.create(tmp_path / "a/b", **GIVEN, dtype=dtype, aggregation="mean", **shape) as writer:
        fill(writer, values)
    read = store.open(tmp_path / "a/b")
    assert read.sites == SITES and list(read.sites) == list(SITES)
    assert read.sentences == SENTENCES
    assert (read.manifest.fingerprint, read.manifest.aggregation, read.manifest.words) == ("tiny", "mean", WORDS)
    assert set(read.manifest.versions) == {"jaxneuron", "jax", "tensorstore"}
    assert read.verify() == []
    for site, width in SITES.items():
        assert read[site].shape == (WORDS, width) and read[site].dtype == jnp.dtype(dtype)
        np.testing.assert_array_equal(np.asarray(read[site]), values[site].astype(jnp.dtype(dtype)))


def test_values_that_equal_the_fill_value_are_written(tmp_path):
    with store.create(tmp_path / "zeros", sites={"a": 3}, sentences=[["x"] * 20], fingerprint="") as writer:
        writer.write(0, {"a": np.zeros((20, 3), np.float32)})
    assert np.array_equal(store.open(tmp_path / "zeros")["a"], np.zeros((20, 3)))


@pytest.mark.parametrize(
    ("dtype", "value", "said"),
    [
        ("float32", np.nan, "is nan at word 61"),
        ("float32", -np.inf, "is -inf at word 61"),
        ("float16", np.nan, "is nan at word 61"),
        ("float16", 7e4, "is inf at word 61.*beyond the range of float16: store float32 at another path"),
        ("bfloat16", np.inf, "is inf at word 61"),
        ("bfloat16", 3.4e38, "is inf at word 61.*beyond the range of bfloat16"),
    ],
)
def test_what_is_not_finite_is_refused_with_its_place(tmp_path, values, dtype, value, said):
    values = {site: rows.copy() for site, rows in values.items()}
    values["block0/mlp"][61, 3] = value
    sentence = next(number for number in range(50) if sum(map(len, SENTENCES[: number + 1])) > 61)
    word = [word for sentence in SENTENCES for word in sentence][61]
    path = tmp_path / "odd"
    with (
        pytest.raises(ValueError, match=f"unit 3 at 'block0/mlp' {said}") as caught,
        store.create(path, **GIVEN, **SMALL, dtype=dtype) as writer,
    ):
        fill(writer, values)
    assert f"{word!r} in sentence {sentence} (from 0)" in str(caught.value)
    with pytest.raises(ValueError, match="unfinished"):
        store.open(path)


def test_a_disk_without_room_is_refused_before_anything_is_written(tmp_path, made, monkeypatch):
    needed = made.manifest.words * sum(SITES.values()) * 4
    room = SimpleNamespace(free=needed - 1)
    monkeypatch.setattr(_files.shutil, "disk_usage", lambda path: room)
    with pytest.raises(OSError, match="the store takes .* bytes more, and its disk has room for .* make room"):
        store.create(tmp_path / "new" / "store", **GIVEN)
    assert not (tmp_path / "new").exists()
    room.free = needed
    writer = store.create(tmp_path / "new" / "store", **GIVEN)
    assert writer.missing_bytes == needed
    room.free = 0
    with pytest.raises(OSError, match="make room"):
        store.resume(tmp_path / "new" / "store", **GIVEN)
    assert store.resume(made.path, **GIVEN).missing_bytes == 0


@pytest.mark.parametrize(
    "index",
    [
        *(
            0,
            -1,
            np.int64(3),
            slice(None),
            slice(5, -3),
            slice(60, 70),
            slice(500, 600),
            slice(10, 5),
            slice(1, None, 7),
        ),
        *([3, 1, -1, 3], [], np.arange(WORDS) % 3 == 0, ..., (..., 2), (2, ...), (..., slice(3, 5), 1)),
        *((slice(None), 4), (slice(2, 50), slice(-3, None)), (7, 6), ([0, 99, 5], slice(1, 3)), (slice(3, 9), [6, 0])),
        *(([1, 2], [3, 4]), (5, [1, -2]), (slice(None), np.arange(7) < 2), (slice(90, None, 3), slice(0, 7, 2))),
    ],
    ids=str,
)
def test_indexing_is_that_of_numpy(made, values, index):
    expected = values["embed"][index]
    assert made["embed"][index].shape == expected.shape
    np.testing.assert_array_equal(made["embed"][index], expected)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (WORDS, f"word {WORDS} is out of range; there are the words 0 to {WORDS - 1}"),
        ((0, [1, -8]), "unit -8 is out of range"),
        (slice(None, None, -1), "a step of at least 1 over the words"),
        (np.ones(3, bool), f"a mask over {WORDS} words"),
        ("embed", "expected words as numbers, a slice or a mask, got 'embed'"),
        ((0, 0, 0), "got 3 indices"),
    ],
    ids=str,
)
def test_a_wrong_index_is_explained(made, index, message):
    with pytest.raises(IndexError, match=message):
        made["embed"][index]


def test_only_what_is_needed_is_read(made, values):
    """Damage to a chunk is seen by whoever reads it, and by nobody else."""
    file = made.path / "embed.zarr/c/1/0"  # words 40 to 79, in chunks of 8 words x 4 units, in that order
    content = bytearray(file.read_bytes())
    content[len(content) // 100] ^= 1  # in words 40 to 47, units 0 to 3
    file.write_bytes(content)
    read = store.open(made.path)
    np.testing.assert_array_equal(read["embed"][:, 4:], values["embed"][:, 4:])
    np.testing.assert_array_equal(read["embed"][48:], values["embed"][48:])
    with pytest.raises(ValueError, match=r"cannot read .*made: embed .*verify"):
        read["embed"][40]
    with pytest.raises(ValueError, match="cannot read"):
        read["embed"][:, 3]


def test_streams(made, values):
    for words in (1, 32, 1000):
        chunks = list(made.chunks("block0/mlp", words=words))
        assert [first for first, _ in chunks] == list(range(0, WORDS, words))
        np.testing.assert_array_equal(np.concatenate([rows for _, rows in chunks]), values["block0/mlp"])
        first, (sentences, rows) = 0, zip(*made.by_sentence("embed", words=words), strict=True)
        assert list(sentences) == SENTENCES
        for i, row in enumerate(rows):
            assert list(row) == ["embed"]
            np.testing.assert_array_equal(row["embed"], values["embed"][made.words(i)])
            assert made.words(i) == slice(first, first := first + len(SENTENCES[i]))
    assert next(made.chunks("embed", words=20, units=[5, 1]))[1].shape == (20, 2)
    assert list(next(made.by_sentence())[1]) == list(SITES)


def test_words_may_come_out_of_order_within_a_window(tmp_path, values, made):
    order = np.random.default_rng(1).permutation(len(SENTENCES))
    order = sorted(order, key=lambda i: made.words(i).start // 70)  # windows of less than two shards
    with store.create(tmp_path / "other", **GIVEN, **SMALL) as writer:
        for i in order:
            writer.write(made.words(i).start, {site: value[made.words(i)] for site, value in values.items()})
    assert files(tmp_path / "other") == files(made.path)


def test_the_layout_is_plain_zarr(made):
    metadata = json.loads((made.path / "block0+mlp+hidden.zarr/zarr.json").read_text())
    assert (metadata["zarr_format"], metadata["shape"], metadata["data_type"]) == (3, [WORDS, 33], "float32")
    assert metadata["codecs"][0]["name"] == "sharding_indexed"
    assert metadata["codecs"][0]["configuration"]["chunk_shape"] == [8, 4]
    assert not [name for name in files(made.path) if name.endswith(".partial")]


KILLED = """
import sys, time
from tests import test_store as t
values = t.activations()
writer = t.store.create(sys.argv[1], **t.GIVEN, **t.SMALL)
for first in range(0, t.WORDS, 13):
    writer.write(first, {site: value[first : first + 13] for site, value in values.items()})
    writer.flush()  # what is told is on disk, however busy the machine
    print(writer.next_word, flush=True)
    time.sleep(0.02)
"""


@pytest.mark.parametrize("moment", [0, 41, 121])
def test_a_killed_run_resumes_to_the_same_bytes(tmp_path, values, made, moment):
    path = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    for line in process.stdout:
        if int(line) >= moment:
            break
    process.kill()
    assert process.wait() == -signal.SIGKILL
    with pytest.raises(ValueError, match=f"unfinished, with .* of {WORDS} words; continue it with `resume`"):
        store.open(path)
    with store.resume(path, **GIVEN) as writer:
        assert int(line) <= writer.next_word < WORDS
        fill(writer, values, start=max(0, writer.next_word - 5))  # a sentence may begin before
    resumed = store.open(path)
    assert resumed.checksum == made.checksum and resumed.verify() == []
    assert files(path) == files(made.path)


def test_resume_wants_the_same(tmp_path, values):
    path = tmp_path / "begun"
    with pytest.raises(RuntimeError, match="stop"), store.create(path, **GIVEN, **SMALL) as writer:
        fill(writer, values)
        raise RuntimeError("stop")
    for change, message in [
        ({"sites": {"embed": 8}}, "begun with the sites .*'embed': 7.* not {'embed': 8}; give the same, or a new path"),
        ({"dtype": "float16"}, "begun with the dtype 'float32', not 'float16'"),
        ({"fingerprint": "other"}, "begun with the fingerprint 'tiny', not 'other'"),
        ({"aggregation": "last"}, "begun with the aggregation '', not 'last'"),
        ({"sentences": SENTENCES[:-1]}, "begun with 50 sentences; the 49 given differ from sentence 49 on"),
        ({"sentences": [*SENTENCES[:4], ["x"], *SENTENCES[5:]]}, "differ from sentence 4 on"),
    ]:
        with pytest.raises(ValueError, match=message):
            store.resume(path, **{**GIVEN, **change})
    with pytest.raises(FileNotFoundError, match="no store .*nowhere"):
        store.resume(tmp_path / "nowhere", **GIVEN)


def test_damage_is_named_and_mended(made, values):
    before, checksum = files(made.path), made.checksum
    flipped, cut, missing = (
        made.path / name for name in ("embed.zarr/c/2/0", "block0+mlp.zarr/c/0/0", "embed.zarr/c/4/0")
    )
    content = bytearray(flipped.read_bytes())
    content[10] ^= 1
    flipped.write_bytes(content)
    assert made.verify() == [store.Damage(flipped, "embed", slice(80, 120), "is damaged: its checksum is another")]
    cut.write_bytes(cut.read_bytes()[:-1])
    missing.unlink()
    assert [(damage.file, damage.words) for damage in made.verify()] == [
        *((cut, slice(0, 40)), (flipped, slice(80, 120)), (missing, slice(160, WORDS))),
    ]
    with pytest.raises(
        ValueError, match=r"is damaged: .*block0\+mlp.zarr/c/0/0 has .* bytes instead of .*c/4/0 is missing"
    ):
        store.open(made.path)
    with store.resume(made.path, **GIVEN) as writer:
        assert writer.next_word == 0
        fill(writer, values)
    assert files(made.path) == before and store.open(made.path).checksum == checksum
    (made.path / "sentences.jsonl").write_text("[]\n")
    assert [damage.site for damage in made.verify()] == [None]
    with pytest.raises(
        ValueError, match="cannot resume .*sentences.jsonl has 3 bytes instead of .* create the store anew"
    ):
        store.resume(made.path, **GIVEN)


def test_a_finished_store_resumes_to_itself(made):
    before = files(made.path)
    with store.resume(made.path, **GIVEN) as writer:
        assert writer.next_word == WORDS
    assert files(made.path) == before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "cannot read .*manifest.json"),
        (lambda text: text.replace('"dtype": "float32"', '"dtype": "float16"'), "checksum does not fit"),
        (lambda text: text.replace('"words"', '"wards"'), "unexpected keyword argument 'wards'"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "its format is 2, this jaxneuron reads 1"),
        (lambda text: "[]", "cannot read .*manifest.json"),
        (lambda text: "", "cannot read .*manifest.json"),
    ],
)
def test_a_damaged_manifest_is_an_error(made, damage, message):
    file = made.path / "manifest.json"
    file.write_text(damage(file.read_text()))
    for begin in (lambda: store.open(made.path), lambda: store.resume(made.path, **GIVEN)):
        with pytest.raises(ValueError, match=message):
            begin()


def test_what_is_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match="no store .*nothing"):
        store.open(tmp_path / "nothing")
    with pytest.raises(ValueError, match="is not a store: it has no manifest.json"):
        store.open(tmp_path)
    store.create(tmp_path, **GIVEN)  # an empty folder is as good as none
    with pytest.raises(FileExistsError, match="exists; give a new path"):
        store.create(tmp_path, **GIVEN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentences": []}, "at least one word, got 0 sentences"),
        ({"sentences": [[], []]}, "at least one word, got 2 sentences"),
        ({"sentences": [["a"], "dog"]}, "sentence 1: expected a list of words, got 'dog'"),
        ({"sites": {}}, "at least one site"),
        ({"sites": {"embed": 0}}, "at least one unit, got {'embed': 0}"),
        ({"dtype": "int8"}, "cannot store the dtype 'int8'; expected one of float32, float16, bfloat16"),
        ({"dtype": "float8"}, "cannot store the dtype 'float8'"),
        ({"chunk": (0, 3)}, "at least 1"),
        ({"shard_words": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_created_leaves_nothing(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        store.create(tmp_path / "new", **{**GIVEN, **change})
    assert list(tmp_path.iterdir()) == []


def test_shards_are_whole_chunks(tmp_path):
    store.create(tmp_path / "new", **GIVEN, chunk=(8, 4), shard_words=12)
    assert store.resume(tmp_path / "new", **GIVEN).missing[:2] == [slice(0, 8), slice(8, 16)]


def test_several_parts_fill_one_store(tmp_path, values, made):
    writers = [store.create(tmp_path / "new", **GIVEN, **SMALL)]
    writers += [store.resume(tmp_path / "new", **GIVEN, part=part) for part in (1, 2)]
    for number, words in enumerate(writers[0].missing):
        writers[number % 3].write(words.start, {site: value[words] for site, value in values.items()})
    for writer in reversed(writers):
        writer.close()
    assert store.open(tmp_path / "new").checksum == made.checksum
    assert files(tmp_path / "new") == files(made.path)


def test_what_parts_wrote_before_a_kill_is_kept(tmp_path, values, made):
    first = store.create(tmp_path / "new", **GIVEN, **SMALL)
    second = store.resume(tmp_path / "new", **GIVEN, part=1)
    for writer, words in zip((first, second), first.missing, strict=False):
        writer.write(words.start, {site: value[words] for site, value in values.items()})
        writer.flush()
    resumed = store.resume(tmp_path / "new", **GIVEN)
    assert resumed.next_word == 80
    with resumed:
        fill(resumed, values, start=80)
    assert store.open(tmp_path / "new").checksum == made.checksum


def test_wrong_writes_are_explained(tmp_path, values):
    rows = {site: value[:5] for site, value in values.items()}
    writer = store.create(tmp_path / "new", **GIVEN, **SMALL)
    with pytest.raises(KeyError, match=r"no site 'embde'.*did you mean 'embed'\?"):
        writer.write(0, {**rows, "embde": rows["embed"]})
    with pytest.raises(ValueError, match="no activations of block0/mlp, block0/mlp/hidden"):
        writer.write(0, {"embed": rows["embed"]})
    with pytest.raises(ValueError, match=r"expected \[word, unit\] = \(5, 10\) at 'block0/mlp', got \(5, 9\)"):
        writer.write(0, {**rows, "block0/mlp": rows["block0/mlp"][:, 1:]})
    for first in (-1, WORDS - 4):
        with pytest.raises(ValueError, match=f"expected words from 0 to {WORDS}"):
            writer.write(first, rows)
    writer.write(0, {site: jnp.asarray(value) for site, value in rows.items()})
    writer.write(5, {site: value[:0] for site, value in rows.items()})
    with pytest.raises(ValueError, match="of the words 4 to 9, some were written before"):
        writer.write(4, rows)
    for first in (40, 80, 120):
        writer.write(first, rows)
    with pytest.raises(ValueError, match="4 shards wait for words, the first from word 0 on, and word 160 would open"):
        writer.write(160, rows)
    with pytest.raises(ValueError, match=f"{WORDS - 20} of {WORDS} words were not written"):
        writer.close()


def test_a_full_disk_names_the_file_and_the_run_resumes(tmp_path, values, made):
    path = tmp_path / "full"
    writer = store.create(path, **GIVEN, **SMALL)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))  # more than embed's shards, less than hidden's
    try:
        with (
            pytest.raises(
                OSError, match=r"make room, and `resume` or the same command goes on: .*hidden.zarr/c/0/0"
            ) as caught,
            writer,
        ):
            fill(writer, values)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG
    with store.resume(path, **GIVEN) as writer:
        assert writer.next_word == 0
        fill(writer, values)
    assert files(path) == files(made.path)


def test_a_store_is_not_finished_after_a_failed_write(tmp_path, values):
    path = tmp_path / "full"
    writer = store.create(path, **GIVEN, **SMALL)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        writer.write(0, {site: value[:40] for site, value in values.items()})
        with pytest.raises(OSError, match="make room"):
            writer.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    writer.write(40, {site: value[40:] for site, value in values.items()})
    with pytest.raises(ValueError, match="were not written"):
        writer.close()
    with pytest.raises(ValueError, match="unfinished"):
        store.open(path)


def test_unknown_names(made):
    for ask in (lambda site: made[site], lambda site: made.chunks(site), lambda site: made.by_sentence(site)):
        with pytest.raises(KeyError, match=r"no site 'block0/mpl'.*did you mean 'block0/mlp'\?"):
            ask("block0/mpl")
    for number in (-1, 50):
        with pytest.raises(IndexError, match=f"no sentence {number} in .*made; it has the sentences 0 to 49"):
            made.words(number)


GROWTH = """
import resource, sys
import numpy as np
from jaxneuron import store
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
rows = np.random.default_rng(0).standard_normal((500, 1000), np.float32)
given = {"sites": {"a": 1000}, "sentences": [["x"] * 40_000], "fingerprint": ""}
with store.create(sys.argv[1], **given, shard_words=1024) as writer:
    for first in range(0, 40_000, 500):
        if first == 10_000:
            before = peak()
        writer.write(first, {"a": rows})
for first, chunk in store.open(sys.argv[1]).chunks("a", words=1024):
    assert (chunk[: 500 - first % 500] == rows[first % 500 :][:1024]).all()
print(peak() - before)
"""


def test_memory_does_not_grow_with_the_corpus(tmp_path):
    command = [sys.executable, "-c", GROWTH, str(tmp_path / "big")]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert float(run.stdout) < 30, run.stderr  # MiB; 120 MB were written since, and 160 MB read


def joined(values, *sites):
    return np.concatenate([values[site] for site in sites or SITES], axis=1)


@pytest.mark.parametrize(
    "index",
    [
        *(0, -1, slice(None), slice(5, -3), slice(10, 5), [3, 1, -1, 3], [], np.arange(WORDS) % 3 == 0, ..., (..., 2)),
        *((slice(None), 49), (slice(2, 50), slice(5, 12)), (slice(None), slice(0, 50, 9)), (7, 6), (7, slice(3, 20))),
        *((slice(3, 9), [40, 0, 40, -1]), (slice(None), np.arange(50) % 2 == 0), ([0, 99, 5], slice(1, 30))),
        *(([1, 2, 7], [3, 44, 8]), (5, [1, -2]), ([4, 2], 9), (slice(0, 9), slice(7, 7)), (slice(0, 9), [])),
    ],
    ids=str,
)
def test_sites_side_by_side_are_indexed_as_numpy_indexes(made, values, index):
    expected = joined(values)[index]
    assert made.joined()[index].shape == expected.shape
    np.testing.assert_array_equal(made.joined()[index], expected)


def test_sites_side_by_side_come_in_the_order_asked_for(made, values):
    both = made.joined("block0/mlp", "embed")
    assert both.shape == (WORDS, 17) and len(both) == WORDS and both.ndim == 2 and both.dtype == np.float32
    assert both.sites == {"block0/mlp": slice(0, 10), "embed": slice(10, 17)}
    np.testing.assert_array_equal(np.asarray(both), joined(values, "block0/mlp", "embed"))
    with pytest.raises(KeyError, match="did you mean 'embed'"):
        made.joined("embde")
    with pytest.raises(ValueError, match="each site once"):
        made.joined("embed", "embed")
    assert both.place(0) == ("block0/mlp", 0) and both.place(both.sites["embed"].start + 1) == ("embed", 1)
    with pytest.raises(IndexError, match="no unit -1"):
        both.place(-1)
    with pytest.raises(IndexError, match="unit 17 is out of range"):
        both[0, 17]


def test_sites_side_by_side_are_not_read_before_they_are_sliced(made, values):
    for file in (made.path / "block0+mlp.zarr/c").rglob("*"):
        if file.is_file():
            file.unlink()  # reads as NaN, the fill value
    both = made.joined("embed", "block0/mlp")
    np.testing.assert_array_equal(both[:, :7], values["embed"])
    assert np.isnan(both[:, 7:]).all()
