"""Our attributions against Captum's: the same weights in torch, the same sentences, the same rule."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
captum = pytest.importorskip("captum.attr")

from captum.metrics import infidelity as their_infidelity  # noqa: E402
from captum.metrics import sensitivity_max  # noqa: E402
from tokenizers import Tokenizer, models  # noqa: E402

from benchmarks import attribute_peers as peers  # noqa: E402
from benchmarks.attribute_task import Pooled  # noqa: E402
from jaxneuron import split  # noqa: E402
from jaxneuron.attribute import (  # noqa: E402
    ablation,
    conductance,
    expected_gradients,
    input_x_gradient,
    integrated_gradients,
    internal_influence,
    kernel_shap,
    lime,
    occlusion,
    saliency,
    shapley,
    smooth_grad,
)
from jaxneuron.evaluate.attribution import infidelity, sensitivity  # noqa: E402
from jaxneuron.targets import Unit  # noqa: E402
from jaxneuron.types import Tokens  # noqa: E402
from jaxneuron_models import pretrained  # noqa: E402
from tests.quick import quick_compilation  # noqa: E402, F401

SOURCE, SITE, LAYER = "embed/word", "block0/residual", 1
RULES = {
    "gauss_legendre": "gausslegendre",
    "captum_trapezoid": "riemann_trapezoid",
    "riemann_left": "riemann_left",  # middle and right differ in their nodes, see tests/attribute/test_captum_cases.py
}
STEPS = 9


class Problem(NamedTuple):
    """Two sentences, the second padded, in a tiny transformer; both sides of it."""

    f: Any  # the score of word vectors
    above: Any  # of the values at the site
    through: Any
    neuron: Any  # the map from word vectors to one neuron
    x: jax.Array  # word vectors
    value: jax.Array  # at the site
    baseline: jax.Array
    start: jax.Array  # at the site, of the baseline
    mask: jax.Array
    scored: peers.Scored
    text: peers.Text

    @property
    def layer(self):
        return self.scored.layers()[LAYER]

    def ask(self, asked, /, *given, **options):
        """Return what one of Captum's methods attributes."""
        found = asked.attribute(self.text.x, *given, additional_forward_args=(self.text.mask,), **options)
        return found[0] if isinstance(found, tuple) else found


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=11,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=7,
        pad_token_id=0,
    )
    model = transformers.BertModel(config)
    with torch.no_grad():
        for weight in model.parameters():  # far from linear, and no bias of 0
            weight.add_(0.4 * torch.randn_like(weight))
    model.save_pretrained(folder)
    Tokenizer(models.WordLevel({f"w{n}": n for n in range(11)}, unk_token="w0")).save(str(folder / "tokenizer.json"))

    ours, direction = pretrained.load(folder), np.linspace(-1, 1, 8, dtype=np.float32) ** 3
    ids = jnp.array([[1, 5, 6, 7, 2], [1, 8, 2, 0, 0]])
    tokens = Tokens(ids, jnp.array([[True] * 5, [True] * 3 + [False] * 2]))
    activations = jax.jit(lambda tokens: ours.forward(ours.params, tokens, {})[1])
    here, there = activations(tokens), activations(tokens._replace(ids=jnp.where(ids > 2, 0, ids)))
    model = ours.forward, ours.params, tokens
    target = Pooled("block1/residual", jnp.asarray(direction))
    return Problem(
        f=split.above(*model, SOURCE, target),
        above=split.above(*model, SITE, target),
        through=split.through(*model, SOURCE, SITE, target),
        neuron=split.above(*model, SOURCE, Unit(SITE, 3, 1)),
        x=here[SOURCE],
        value=here[SITE],
        baseline=there[SOURCE],
        start=there[SITE],
        mask=tokens.mask,
        scored=peers.load(folder, direction),
        text=peers.text(here[SOURCE], there[SOURCE], tokens.mask),
    )


def close(ours, theirs, limit=1e-4):
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=limit, atol=limit * np.abs(theirs).max())


def test_the_score_is_the_same(problem):
    close(problem.f(problem.x), problem.scored(problem.text.x, problem.text.mask), 1e-5)


def test_gradients(problem):
    for absolute in (True, False):
        theirs = problem.ask(captum.Saliency(problem.scored), abs=absolute)
        close(saliency.attribute(problem.f, problem.x, absolute=absolute), theirs)
    close(input_x_gradient.attribute(problem.f, problem.x), problem.ask(captum.InputXGradient(problem.scored)))
    theirs = problem.ask(captum.LayerGradientXActivation(problem.scored, problem.layer))
    close(input_x_gradient.layers(problem.through, problem.x), theirs)
    theirs = problem.ask(captum.NeuronGradient(problem.scored, problem.layer), (1, 3))
    close(saliency.attribute(problem.neuron, problem.x, absolute=False), theirs)


@pytest.mark.parametrize("rule", RULES)
def test_integrated_gradients(problem, rule):
    theirs, error = captum.IntegratedGradients(problem.scored).attribute(
        problem.text.x,
        problem.text.baseline,
        additional_forward_args=problem.text.mask,
        n_steps=STEPS,
        method=RULES[rule],
        return_convergence_delta=True,
    )
    ours = integrated_gradients.attribute(problem.f, problem.x, problem.baseline, steps=STEPS, rule=rule)
    close(ours.attribution, theirs)
    np.testing.assert_allclose(ours.error, error, atol=1e-4 * float(theirs.abs().max()))


def test_integrated_gradients_of_a_layer_and_of_a_neuron(problem):
    method = captum.LayerIntegratedGradients(problem.scored, problem.layer)
    theirs = problem.ask(method, problem.text.baseline, n_steps=STEPS)
    ours = integrated_gradients.attribute(problem.above, problem.value, problem.start, steps=STEPS)
    close(ours.attribution, theirs)
    method = captum.NeuronIntegratedGradients(problem.scored, problem.layer)
    theirs = problem.ask(method, (1, 3), problem.text.baseline, n_steps=STEPS)
    ours = integrated_gradients.attribute(problem.neuron, problem.x, problem.baseline, steps=STEPS)
    close(ours.attribution, theirs)


def test_internal_influence(problem):
    theirs = problem.ask(captum.InternalInfluence(problem.scored, problem.layer), problem.text.baseline, n_steps=STEPS)
    close(internal_influence.attribute(problem.through, problem.x, problem.baseline, steps=STEPS), theirs)


def test_conductance_by_differences(problem):
    theirs, error = captum.LayerConductance(problem.scored, problem.layer).attribute(
        problem.text.x,
        problem.text.baseline,
        additional_forward_args=problem.text.mask,
        n_steps=STEPS,
        return_convergence_delta=True,
    )
    given = problem.through, problem.x, problem.baseline
    ours = conductance.attribute(*given, steps=STEPS, derivative="finite")
    close(ours.attribution, theirs)
    np.testing.assert_allclose(ours.error, error.detach(), atol=1e-4 * float(theirs.abs().max()))


def test_conductance_of_one_neuron(problem):
    asked = captum.NeuronConductance(problem.scored, problem.layer)
    # its own default is the trapezoid rule, and short of the integral by 1 / STEPS
    theirs = problem.ask(asked, (1, 3), problem.text.baseline, n_steps=STEPS, method="gausslegendre")
    member = np.zeros((5, 8))
    member[1, 3] = 1
    given = problem.through, problem.x, problem.baseline
    close(conductance.unit(*given, member, steps=STEPS), theirs)
    close(conductance.units(*given, steps=STEPS).attribution[:, :, 1, 3], theirs.sum(-1))


def test_ablation(problem):
    words = torch.arange(5)[None, :, None].expand(1, 5, 8)
    theirs = problem.ask(captum.FeatureAblation(problem.scored), problem.text.baseline, feature_mask=words)
    ours = ablation.attribute(problem.f, problem.x, problem.baseline, groups=np.arange(5)[:, None], mask=problem.mask)
    close(ours, theirs)
    units = torch.arange(8)[None, None].expand(1, 5, 8) // 2
    method = captum.LayerFeatureAblation(problem.scored, problem.layer)
    theirs = problem.ask(method, layer_mask=units, perturbations_per_eval=3)
    ours = ablation.attribute(problem.above, problem.value, groups=np.arange(8)[None] // 2, mask=problem.mask)
    close(ours[problem.mask], theirs[torch.tensor(np.asarray(problem.mask))])
    assert not np.any(ours[~problem.mask])  # where Captum repeats the unit's number


def test_occlusion(problem):
    options = {"sliding_window_shapes": (2, 8), "strides": (2, 8), "baselines": problem.text.baseline}
    theirs = problem.ask(captum.Occlusion(problem.scored), **options)
    ours = occlusion.attribute(problem.f, problem.x, problem.baseline, window=2, stride=2, mask=problem.mask)
    close(ours[problem.mask], theirs[torch.tensor(np.asarray(problem.mask))])


def test_shapley_values(problem, key):
    words = torch.arange(5)[None, :, None].expand(1, 5, 8).contiguous()
    options = {"feature_mask": words, "perturbations_per_eval": 40}
    theirs = problem.ask(captum.ShapleyValues(problem.scored), problem.text.baseline, **options)
    given = problem.f, problem.x, problem.baseline
    players = {"groups": np.arange(5)[:, None], "mask": problem.mask}
    exact = shapley.attribute(None, *given, **players)
    close(exact, theirs)
    # ours is exact here, Captum draws: both within some standard errors
    torch.manual_seed(0)
    theirs = problem.ask(captum.KernelShap(problem.scored), problem.text.baseline, n_samples=600, **options)
    close(kernel_shap.attribute(key, *given, **players), exact, 1e-3)
    close(exact, theirs, 0.15)


def test_lime_on_the_same_coalitions(problem, key):
    samples, words = 60, torch.arange(5)[None, :, None].expand(1, 5, 8)
    present = torch.tensor(np.asarray(jax.random.bernoulli(key, shape=(samples, 5)))).long()
    drawn = iter(present)
    method = captum.Lime(problem.scored, perturb_func=lambda original, **rest: next(drawn)[None])
    theirs = method.attribute(
        problem.text.x[:1],
        problem.text.baseline[:1],
        additional_forward_args=(problem.text.mask[:1],),
        feature_mask=words,
        n_samples=samples,
    )
    f = partial(_first, problem.f)
    ours = lime.attribute(key, f, problem.x[:1], problem.baseline[:1], groups=np.arange(5)[:, None], samples=samples)
    close(ours, theirs, 2e-3)


def _first(f, x):
    """Return the score of the first sentence alone: the maps of `split` hold the tokens of both."""
    return f(jnp.repeat(x, 2, axis=0))[:1]


def test_many_baselines_and_noise_agree_on_average(problem, key):
    torch.manual_seed(0)
    method = captum.GradientShap(problem.scored)
    many = 1000
    baselines = torch.stack([problem.text.baseline[0], 0.5 * problem.text.x[0]])
    theirs = problem.ask(method, baselines, n_samples=many)
    ours = expected_gradients.attribute(key, problem.f, problem.x, jnp.asarray(baselines.numpy()), samples=many)
    close(ours.attribution, theirs, 0.2)
    method = captum.NoiseTunnel(captum.Saliency(problem.scored))
    theirs = problem.ask(method, nt_samples=many, stdevs=0.1, abs=False)
    close(smooth_grad.attribute(key, problem.f, problem.x, samples=many, deviation=0.1), theirs, 0.2)


def test_infidelity_under_the_same_perturbations(problem, key):
    samples = 7
    keys, perturb = jax.random.split(key, samples), infidelity.Noise(0.3)
    taken = jax.vmap(lambda key: perturb(key, problem.x))(keys)
    taken = torch.tensor(np.asarray(taken)).transpose(0, 1).reshape(-1, 5, 8)
    slope = saliency.attribute(problem.f, problem.x, absolute=False)
    for normalise in (False, True):
        theirs = their_infidelity(
            problem.scored,
            lambda x: (taken, x - taken),
            problem.text.x,
            torch.tensor(np.asarray(slope)),
            additional_forward_args=problem.text.mask,
            n_perturb_samples=samples,
            normalize=normalise,
        )
        options = {"perturb": perturb, "samples": samples, "normalise": normalise}
        close(infidelity.infidelity(key, problem.f, problem.x, slope, **options), theirs, 1e-3)


def test_sensitivity_under_the_same_perturbations(problem, key):
    samples, radius = 7, 0.05
    draw = lambda key: jax.random.uniform(key, problem.x.shape, minval=-1, maxval=1)
    moved = jax.vmap(draw)(jax.random.split(key, samples))
    moved = torch.tensor(np.asarray(moved)).transpose(0, 1).reshape(-1, 5, 8)
    method = captum.Saliency(problem.scored)

    def explain(x, additional_forward_args):
        with torch.enable_grad():
            return method.attribute(x, abs=False, additional_forward_args=additional_forward_args)

    theirs = sensitivity_max(
        explain,
        problem.text.x,
        lambda x, radius: x + radius * moved,
        perturb_radius=radius,
        n_perturb_samples=samples,
        additional_forward_args=problem.text.mask,
    )
    ours = partial(saliency.attribute, problem.f, absolute=False)
    close(sensitivity.sensitivity(key, ours, problem.x, radius=radius, samples=samples), theirs, 1e-3)
