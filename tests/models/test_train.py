"""The training loop: it learns, it stops in time, and a killed run goes on as if nothing had happened."""

import json
import math
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from jaxneuron.corpora import scenes, vocabulary
from jaxneuron_models import checkpoints, imaginet, imaginet_training
from jaxneuron_models.train import Schedule, Task, apart, train

SETTINGS = {"epochs": 2, "batch": 16, "learning_rate": 3e-3, "embedding": 6, "units": 8, "save_seconds": 0.0}


class Killed(Exception):
    pass


def killer(batch, error=Killed):
    """Return a progress callback that ends the run after so many batches."""

    def progress(done, total):
        if done == batch:
            raise error

    return progress


@pytest.fixture(scope="module", autouse=True)
def compile_once(tmp_path_factory):
    """Keep what is compiled: each run here compiles the same programs."""
    options = {"compilation_cache_dir": str(tmp_path_factory.mktemp("cache"))}
    options |= {"persistent_cache_min_compile_time_secs": 0, "persistent_cache_min_entry_size_bytes": -1}
    before = {name: getattr(jax.config, f"jax_{name}") for name in options}
    for settings in (options, before):
        for name, value in settings.items():
            jax.config.update(f"jax_{name}", value)
        compilation_cache.reset_cache()
        if settings is options:
            yield


@pytest.fixture(scope="module")
def captions():
    return only_length(scenes.generate(0, 160), 6), only_length(scenes.generate(1, 20), 6)


def only_length(captions, length):
    """Keep captions of one length: a width is a compilation."""
    rows = [row for row, sentence in enumerate(captions.sentences) if len(sentence) == length]
    return captions._replace(sentences=[captions.sentences[row] for row in rows], image=captions.image[rows])


def fit(captions, directory, **changed):
    schedule, options = apart(imaginet_training.SCHEDULE, SETTINGS | changed)
    return imaginet_training.fit(jax.random.key(0), *captions, directory, schedule=schedule, **options)


def assert_same(first, second):
    jax.tree.map(np.testing.assert_array_equal, first.params, second.params)
    curves = [[{name: row[name] for name in row if name != "seconds"} for row in run.curves] for run in (first, second)]
    assert curves[0] == curves[1]


@pytest.fixture(scope="module")
def uninterrupted(captions, tmp_path_factory):
    return fit(captions, tmp_path_factory.mktemp("run"))


def test_losses_fall(uninterrupted):
    first, last = uninterrupted.curves[0], uninterrupted.curves[-1]
    for name in ("train_loss", "dev_loss", "train_textual", "train_visual"):
        assert last[name] < first[name]


@pytest.fixture(scope="module")
def one_epoch(captions, tmp_path_factory):
    directory = tmp_path_factory.mktemp("one")
    return directory, fit(captions, directory, epochs=1)


def test_curves_and_weights_are_in_the_folder(one_epoch):
    directory, trained = one_epoch
    assert json.loads((directory / "curves.json").read_text()) == trained.curves
    model = imaginet.load(directory)
    jax.tree.map(np.testing.assert_array_equal, model.params, trained.params)
    assert model.config.units == 8 and model.config.vocabulary == len(model.vocabulary.words)
    assert {path.name for path in directory.iterdir()} == {
        "best",
        "config.json",
        "curves.json",
        "state",
        "vocabulary.json",
    }
    assert len(list((directory / "state").iterdir())) == 1


@pytest.mark.parametrize("kill", ["first epoch", "last of the first"])
def test_a_killed_run_goes_on_exactly(captions, uninterrupted, tmp_path, kill):
    batches = uninterrupted.curves[0]["step"]
    assert batches > 6
    batch = {"first epoch": 4, "last of the first": batches}[kill]
    with pytest.raises(Killed):
        fit(captions, tmp_path, progress=killer(batch))
    assert_same(fit(captions, tmp_path), uninterrupted)


def test_a_run_killed_twice_between_saves_goes_on_exactly(captions, uninterrupted, tmp_path):
    for batch in (3, uninterrupted.curves[0]["step"] + 2):
        with pytest.raises(Killed):
            fit(captions, tmp_path, progress=killer(batch), save_seconds=1e9)
    assert_same(fit(captions, tmp_path), uninterrupted)


@pytest.mark.parametrize("batch", [4, "last of the first"])
def test_an_interrupted_run_saves_its_state(captions, uninterrupted, tmp_path, batch):
    batch = uninterrupted.curves[0]["step"] if isinstance(batch, str) else batch
    with pytest.raises(KeyboardInterrupt):
        fit(captions, tmp_path, progress=killer(batch, KeyboardInterrupt), save_seconds=1e9)
    steps = []
    assert_same(fit(captions, tmp_path, progress=lambda done, total: steps.append(done)), uninterrupted)
    assert steps[0] in (batch, batch + 1)  # the epoch's last batch is reported with those of the dev text, again


def test_a_training_without_room_says_so_and_goes_on_when_there_is(captions, uninterrupted, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: (10**9, 10**9, 5000))
        with pytest.raises(OSError, match=r"could not write .*(No space left on device: .* 5,000 are free).*make room"):
            fit(captions, tmp_path)
    assert not list(tmp_path.rglob("*.partial*"))
    assert_same(fit(captions, tmp_path), uninterrupted)


def test_a_second_training_in_the_folder_is_refused_before_it_writes(captions, tmp_path):
    def second(done, total):
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        with pytest.raises(BlockingIOError, match="is being written by process"):
            fit(captions, tmp_path)
        assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        raise Killed

    with pytest.raises(Killed):
        fit(captions, tmp_path, progress=second)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 0}, "epochs of at least 1, got 0"),
        ({"batch": 0}, "batch of at least 1"),
        ({"units": 0}, "units must be at least 1"),
        ({"textual_weight": float("nan")}, "textual_weight must be from 0 to 1"),
        ({"learning_rate": float("nan")}, "a learning rate above 0.* got nan"),
        ({"learning_rate": float("inf")}, "a learning rate above 0.* got inf"),
        ({"learning_rate": -1.0}, "a learning rate above 0.* got -1"),
        ({"min_count": 10**5}, "no word .* occurs 100000 times: .* smaller min_count"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_written(captions, tmp_path, changed, message):
    with pytest.raises(ValueError, match=message):
        fit(captions, tmp_path / "out", **changed)
    assert not (tmp_path / "out").exists()


def test_a_finished_run_is_only_read_and_goes_on_when_asked(captions, one_epoch, uninterrupted, tmp_path):
    directory = shutil.copytree(one_epoch[0], tmp_path / "copy")
    assert_same(fit(captions, directory, epochs=1, progress=killer(1)), one_epoch[1])
    assert_same(fit(captions, directory), uninterrupted)


def test_other_settings_in_the_same_folder_are_refused(captions, one_epoch):
    with pytest.raises(ValueError, match="other settings .*units 8 -> 9"):
        fit(captions, one_epoch[0], units=9)


def quadratic(dev_losses, rate=0.1):
    """Return a task whose dev loss is told in advance, an epoch's batches being the numbers 0 and 1."""
    calls = iter(dev_losses)

    def loss(params, batch, key):
        total = jnp.sum((params["x"] - batch["at"]) ** 2)
        return total, {"loss": (jnp.where(batch["dev"] >= 0, batch["dev"], total), jnp.float32(1))}

    return Task(
        init=lambda key: {"x": jax.random.normal(key, (3,))},
        loss=loss,
        batches=lambda epoch: [0, 1],
        load=lambda handle: {"at": jnp.float32(handle), "dev": jnp.float32(-1)},
        dev=lambda: [{"at": jnp.float32(0), "dev": jnp.float32(next(calls))}],
        optimizer=optax.sgd(rate),
        learning_rate=rate,
    )


@pytest.mark.parametrize(
    ("dev_losses", "rate", "message"),
    [
        ([5], 1e30, "after step 2, in epoch 1, the loss is .*, at a learning rate of 1e\\+30; give a smaller"),
        ([5, math.inf], 0.1, "after step 4, in epoch 2, the loss on the dev text is inf"),
        ([math.inf], 0.1, "after step 2, in epoch 1, the loss on the dev text is inf"),
        ([1e5], 0.1, "the loss on the dev text is 1e\\+05"),
    ],
)
def test_a_training_that_fails_stops_at_once(tmp_path, key, dev_losses, rate, message):
    with pytest.raises(ValueError, match=message):
        train(key, quadratic(dev_losses, rate), tmp_path, Schedule(epochs=3, patience=10))


def test_training_stops_when_dev_stops_to_improve(tmp_path, key):
    told = []
    task = quadratic([5, 3, 4, 3.5, 3, 1])
    trained = train(key, task, tmp_path, Schedule(epochs=9), progress=lambda *done: told.append(done))
    assert told[0] == (1, 18) and told[-2:] == [(10, 18), (10, 10)]
    assert [row["dev_loss"] for row in trained.curves] == [5, 3, 4, 3.5, 3]
    best = train(key, quadratic([5, 3]), tmp_path / "short", Schedule(epochs=2))
    np.testing.assert_array_equal(trained.params["x"], best.params["x"])


def test_a_resumed_run_remembers_how_long_it_waited(tmp_path, key):
    train(key, quadratic([5, 6]), tmp_path, Schedule(epochs=2))
    trained = train(key, quadratic([6, 6, 1]), tmp_path, Schedule(epochs=9))
    assert len(trained.curves) == 4


def test_sampled_losses_keep_the_other_adam_state(captions):
    train_set, dev = captions
    words = vocabulary.build(train_set.sentences)
    config = imaginet.ImaginetConfig(
        len(words.words), train_set.features.shape[1], 6, 8, losses="sampled", textual_weight=0.5
    )
    key = jax.random.key(0)
    task = imaginet_training.task(key, train_set, dev, words, config, Schedule(batch=16))
    params = task.init(key)
    state = task.optimizer.init(params)
    batches = [task.load(handle) for handle in task.batches(0)]
    assert {(float(batch.textual), float(batch.visual)) for batch in batches} == {(1.0, 0.0), (0.0, 1.0)}

    @jax.jit
    def update(params, state, batch):
        gradient = jax.grad(lambda params: task.loss(params, batch, key)[0])(params)
        return task.optimizer.update(gradient, state, params, batch=batch)

    for batch in batches[:6]:
        drawn = 0 if batch.textual else 1
        change, new = update(params, state, batch)
        jax.tree.map(np.testing.assert_array_equal, new[1 - drawn], state[1 - drawn])
        assert int(new[drawn][0].count) == int(state[drawn][0].count) + 1
        other = change["visual" if batch.textual else "textual"]
        assert all(not np.any(leaf) for leaf in jax.tree.leaves(other))
        state = new


@pytest.mark.slow
def test_sampled_losses_resume_exactly(captions, tmp_path):
    options = {"losses": "sampled", "textual_weight": 0.3, "epochs": 1, "initial": "learned", "standardise": True}
    whole = fit(captions, tmp_path / "whole", **options)
    with pytest.raises(Killed):
        fit(captions, tmp_path / "killed", **options, progress=killer(3))
    assert_same(fit(captions, tmp_path / "killed", **options), whole)


def test_the_state_on_disk_is_replaced_not_piled_up(tmp_path):
    tree = {"x": jnp.arange(3.0)}
    for number in range(3):
        checkpoints.save(tmp_path / "best", jax.tree.map(lambda leaf, number=number: leaf + number, tree))
    np.testing.assert_array_equal(checkpoints.restore(tmp_path, tree)["x"], [2.0, 3.0, 4.0])
    assert [path.name for path in tmp_path.iterdir()] == ["best"]
