import numpy as np

from jaxneuron.decompose import _components


def test_few_components_of_many_units_are_those_of_the_whole():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(1100, 40)) * np.geomspace(10, 1, 40)
    matrix = matrix @ matrix.T
    values, vectors = _components.leading(matrix.copy(), 5)
    whole = np.linalg.eigh(matrix)[0][::-1][:5]
    np.testing.assert_allclose(values, whole, rtol=1e-9)
    np.testing.assert_allclose(matrix @ vectors, vectors * whole, atol=1e-6 * whole[0])
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), atol=1e-9)
