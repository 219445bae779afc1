"""An LSTM learns a language that it can know, says how well, and goes on where it was stopped."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from typer.testing import CliRunner

from jaxneuron.cli.train import app
from jaxneuron_models import lstm_lm, lstm_training
from jaxneuron_models.train import Schedule, apart

RUNNING = ["abcabd" * 60]  # what follows `ab` depends on what stood before it
OPTIONS = {"epochs": 2, "batch": 4, "width": 8, "window": 12}


class Killed(Exception):
    pass


def fit(directory, texts=RUNNING, **changed):
    schedule, options = apart(lstm_training.SCHEDULE, OPTIONS | changed)
    cutting, options = apart(lstm_training.CUTTING, options)
    given = (jax.random.key(0), texts, ["abcabd" * 4], directory)
    return lstm_training.fit(*given, schedule=schedule, cutting=cutting, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    return directory, fit(directory)


def test_it_learns_what_needs_memory(tmp_path):
    texts = ["abcabd" * 600]
    curves = fit(tmp_path, texts, epochs=3, learning_rate=2e-2, width=12).curves
    assert curves[-1]["dev_accuracy"] > 0.95  # 5 in 6 without memory
    assert curves[-1]["dev_loss"] < curves[0]["dev_loss"]
    for row in curves:
        assert row["dev_bits"] == pytest.approx(row["dev_loss"] / np.log(2), rel=1e-4)
    model = lstm_training.load(tmp_path)
    measured = lstm_training.measure(model, ["abcabd" * 20], window=7)
    assert measured.count == 120 and measured.accuracy > 0.95
    assert measured.perplexity == pytest.approx(2**measured.bits, rel=1e-4)


def test_words_are_symbols_too(tmp_path):
    counting = [[f"n{(start + step) % 7}" for step in range(5)] for start in range(7)] * 40
    options = {"schedule": Schedule(3, 8, 3e-2), "embedding": 6, "symbol": "word"}
    trained = lstm_training.fit(jax.random.key(0), counting, counting, tmp_path, width=12, **options)
    assert trained.curves[-1]["dev_loss"] < 0.5 * trained.curves[0]["dev_loss"]
    model = lstm_training.load(tmp_path)
    assert model.config.symbol == "word" and "n3" in model.vocabulary.words
    assert model.params["word"].shape == (10, 6)


def test_a_model_can_be_loaded_and_stepped(trained):
    directory, run = trained
    model = lstm_training.load(directory)
    jax.tree.map(np.testing.assert_array_equal, model.params, run.params)
    assert model.config == lstm_lm.LstmConfig(vocabulary=7, width=8) and model.linear == {"logits": "lstm0/hidden"}
    output, _, state = model.step(model.params, model.initial_state(1, 2), jnp.array([[3, 4]]), {})
    assert output.logits.shape == (1, 2, 7) and int(state.length) == 2


@pytest.mark.parametrize("window", [5, 200])
def test_measuring_does_not_depend_on_the_window(trained, window):
    model = lstm_training.load(trained[0])
    texts = ["abcabdab", "b", "abdabcabdabc"]
    total, count = 0.0, 0
    for text in texts:  # one at a time, all at once
        ids = [model.vocabulary.words.index(symbol) for symbol in text]
        tokens = lstm_lm.Tokens(jnp.array([ids]), jnp.ones((1, len(ids)), bool))
        logits = model.forward(model.params, tokens, {})[0].logits[0]
        total += float(optax.softmax_cross_entropy_with_integer_labels(logits, jnp.array([*ids[1:], 1])).sum())
        count += len(ids)
    measured = lstm_training.measure(model, texts, window=window, batch=2)
    assert measured.count == count and measured.nats == pytest.approx(total / count, rel=1e-5)


def test_a_killed_run_goes_on_exactly(trained, tmp_path):
    def progress(done, total):
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        fit(tmp_path, progress=progress, save_seconds=0.0)
    again = fit(tmp_path)
    jax.tree.map(np.testing.assert_array_equal, again.params, trained[1].params)
    curves = [
        [{name: row[name] for name in row if name != "seconds"} for row in run.curves] for run in (again, trained[1])
    ]
    assert curves[0] == curves[1]


def test_a_run_with_other_settings_or_text_is_not_continued(trained):
    with pytest.raises(ValueError, match="other settings .*window 12 -> 13"):
        fit(trained[0], window=13)
    with pytest.raises(ValueError, match="text with other words or symbols"):
        fit(trained[0], texts=["abcabx" * 9])


def test_wrong_options_are_named(tmp_path):
    with pytest.raises(ValueError, match="window of at least 1, got 0"):
        fit(tmp_path, window=0)
    with pytest.raises(ValueError, match="got one string"):
        fit(tmp_path, texts="abab")
    assert not (tmp_path / "config.json").exists()


def test_the_command_trains_and_says_how_well(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("abcabd" * 40)
    arguments = ["lstm", "--data", text, "--out", tmp_path / "model", "--epochs", 1, "--width", 4, "--window", 20]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0 and "bits per character" in " ".join(done.output.split()), done.output
    assert lstm_training.load(tmp_path / "model").config.width == 4
