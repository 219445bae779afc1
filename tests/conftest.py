"""What every test stands on: checked shapes and types, no silent broadcasting, tiny models."""

import os

from jaxtyping import install_import_hook

# Before the rest is checked: what writes the captions of a corpus word by word, in a million calls, is left as it is.
from jaxneuron.corpora import _describe  # noqa: F401

# Before JAX starts: each test compiles much and runs little, and the emitters that XLA had before those of fusions are
# done in half the time. They would contract `a * b - c` to one rounding, which makes some zeros inexact: instructions
# older than that keep them. XLA stops at a flag that it does not know; these are as old as the oldest JAX we allow.
FLAGS = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1 --xla_cpu_max_isa=AVX"
os.environ["XLA_FLAGS"] = f"{FLAGS} {os.environ.get('XLA_FLAGS', '')}"

# Before anything imports the packages: each annotated function then checks its arguments and its result.
# An int is a float here, as PEP 484 has it.
install_import_hook(
    ["jaxneuron", "jaxneuron_models"], "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
)

import contextlib  # noqa: E402

import jax  # noqa: E402
import pytest  # noqa: E402

from tests import tiny  # noqa: E402

jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def key():
    """The one random key of the tests."""
    return jax.random.key(0)


@pytest.fixture(scope="session")
def weights():
    """Weights of the tiny models."""
    return tiny.planted(jax.random.key(0))


@pytest.fixture(scope="session", params=[tiny.bag_of_words, tiny.recurrent], ids=lambda forward: forward.__name__)
def forward(request):
    """Each tiny model in turn."""
    return request.param


_compilations: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def _count_compilations():
    def listen(event, duration, **details):
        if event == "/jax/core/compile/backend_compile_duration":
            _compilations.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)


@pytest.fixture
def no_compilation():
    """A context in which whatever compiles fails the test: what is advertised as batched must not retrace."""

    @contextlib.contextmanager
    def context():
        before = len(_compilations)
        yield
        assert len(_compilations) == before, f"compiled {len(_compilations) - before} functions again"

    return context
