"""The training loop: it learns, it stops in time, and a killed run goes on as if nothing had happened."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxneuron.corpora import scenes, vocabulary
from jaxneuron_models import checkpoints, imaginet, imaginet_training
from jaxneuron_models.train import Task, train

SETTINGS = {"epochs": 2, "batch": 16, "learning_rate": 3e-3, "embedding": 6, "units": 8, "save_seconds": 0.0}


class Killed(Exception):
    pass


def killer(batch):
    """Return a progress callback that ends the run after so many batches."""

    def progress(done, total):
        if done == batch:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def captions():
    return only_lengths(scenes.generate(0, 80), (6, 9)), only_lengths(scenes.generate(1, 20), (9,))


def only_lengths(captions, lengths):
    """Keep captions of few lengths: a width is a compilation."""
    rows = [row for row, sentence in enumerate(captions.sentences) if len(sentence) in lengths]
    return captions._replace(sentences=[captions.sentences[row] for row in rows], image=captions.image[rows])


def fit(captions, directory, **changed):
    return imaginet_training.fit(jax.random.key(0), *captions, directory, **(SETTINGS | changed))


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


def test_curves_and_weights_are_in_the_folder(captions, tmp_path):
    trained = fit(captions, tmp_path, epochs=1)
    assert json.loads((tmp_path / "curves.json").read_text()) == trained.curves
    model = imaginet.load(tmp_path)
    jax.tree.map(np.testing.assert_array_equal, model.params, trained.params)
    assert model.config.units == 8 and model.config.vocabulary == len(model.vocabulary.words)
    assert not list(tmp_path.rglob("*.partial")) and not list(tmp_path.rglob("*.before"))
    assert len(list((tmp_path / "state").iterdir())) == 1


@pytest.mark.parametrize("kill", ["first batch", "first epoch", "last of the first", "second epoch"])
def test_a_killed_run_goes_on_exactly(captions, uninterrupted, tmp_path, kill):
    batches = uninterrupted.curves[0]["step"]
    assert batches > 6
    batch = {"first batch": 1, "first epoch": 4, "last of the first": batches, "second epoch": batches + 3}[kill]
    with pytest.raises(Killed):
        fit(captions, tmp_path, progress=killer(batch))
    assert_same(fit(captions, tmp_path), uninterrupted)


def test_a_run_killed_twice_between_saves_goes_on_exactly(captions, uninterrupted, tmp_path):
    for batch in (3, uninterrupted.curves[0]["step"] + 2):
        with pytest.raises(Killed):
            fit(captions, tmp_path, progress=killer(batch), save_seconds=1e9)
    assert_same(fit(captions, tmp_path), uninterrupted)


def test_more_epochs_go_on_from_the_end(captions, uninterrupted, tmp_path):
    fit(captions, tmp_path, epochs=1)
    assert_same(fit(captions, tmp_path), uninterrupted)


def test_a_finished_run_is_only_read(captions, uninterrupted, tmp_path):
    fit(captions, tmp_path, epochs=1)
    again = fit(captions, tmp_path, epochs=1, progress=killer(1))
    assert len(again.curves) == 1


def test_other_settings_in_the_same_folder_are_refused(captions, tmp_path):
    fit(captions, tmp_path, epochs=1)
    with pytest.raises(ValueError, match="other settings .*units 8 -> 9"):
        fit(captions, tmp_path, units=9)


def quadratic(dev_losses):
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
        optimizer=optax.sgd(0.1),
    )


def test_training_stops_when_dev_stops_to_improve(tmp_path, key):
    trained = train(key, quadratic([5, 3, 4, 3.5, 3, 1]), tmp_path, epochs=9, patience=3)
    assert [row["dev_loss"] for row in trained.curves] == [5, 3, 4, 3.5, 3]
    best = train(key, quadratic([5, 3]), tmp_path / "short", epochs=2)
    np.testing.assert_array_equal(trained.params["x"], best.params["x"])


def test_a_resumed_run_remembers_how_long_it_waited(tmp_path, key):
    train(key, quadratic([5, 6]), tmp_path, epochs=2, patience=3)
    trained = train(key, quadratic([6, 6, 1]), tmp_path, epochs=9, patience=3)
    assert len(trained.curves) == 4


def test_sampled_losses_keep_the_other_adam_state(captions):
    train_set, dev = captions
    words = vocabulary.build(train_set.sentences)
    config = imaginet.Config(len(words.words), train_set.features.shape[1], 6, 8, losses="sampled", textual_weight=0.5)
    key = jax.random.key(0)
    task = imaginet_training.task(key, train_set, dev, words, config, batch=16, learning_rate=1e-3)
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
