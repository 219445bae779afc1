"""What contract suites share: a method is called by the names of its arguments; a name its folder lacks fails.

A suite is a tuple of checks, functions of a method that raise AssertionError, and a class `broken` of methods with one
mistake each, that some check must reject.
"""

import difflib
import inspect

import pytest


def holding(methods, checks, left_out=None):
    """Return the test that holds every method to every check.

    Args:
        methods: name -> method.
        checks: functions of a method.
        left_out: (name, check's name) -> why it is not held to it; both must be there.
    """
    left_out = left_out or {}
    assert {name for name, _ in left_out} <= set(methods), "a method that is left out is not there"
    assert {check for _, check in left_out} <= {check.__name__ for check in checks}, "such a check is not there"

    @pytest.mark.parametrize("check", checks)
    @pytest.mark.parametrize("name", methods)
    def test(name, check):
        if (name, check.__name__) in left_out:
            pytest.skip(left_out[name, check.__name__])
        check(methods[name])

    return test


def rejecting(broken, pairs):
    """Return the test that each broken method, given by its name in the class, fails its check."""

    @pytest.mark.parametrize(("method", "check"), pairs)
    def test(method, check):
        with pytest.raises(AssertionError):
            check(getattr(broken, method))

    return test


def called(method, given, options=None, shared=("groups", "mask", "budget", "steps", "samples", "progress")):
    """Call a method with what it asks for by name.

    Args:
        method: the method.
        given: the folder's words for data, name -> value.
        options: settings of this method.
        shared: the folder's words for settings, which no method may spell otherwise.

    Raises:
        AssertionError: an argument without a default that the folder has no word for, or one that nearly is a word.
    """
    options, words = options or {}, {*given, *(options or {}), *shared}
    asked = inspect.signature(method).parameters
    for name, parameter in asked.items():
        assert parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL), f"**{name} hides misspelt words"
        if name not in words:
            assert parameter.default is not parameter.empty, f"{name} is no word of this folder, which has {words}"
            near = difflib.get_close_matches(name, words, n=1, cutoff=0.8)
            assert not near, f"{name} is no word of this folder: is {near[0]} meant?"
    return method(**{name: given[name] for name in asked if name in given}, **options)


def follows(method, protocol, own=()):
    """Hold a method's signature to the folder's Protocol.

    Args:
        method: the method.
        protocol: a class whose `__call__` has the arguments that every method has, in order, with their defaults.
        own: names that a method may have beside them, all keyword-only.

    Raises:
        AssertionError: an argument that is missing, misplaced, has another default, or that the folder lacks.
    """
    wanted = [one for one in inspect.signature(protocol.__call__).parameters.values() if one.name != "self"]
    wanted = [one for one in wanted if one.kind is not one.VAR_KEYWORD]
    found = inspect.signature(method).parameters
    assert [name for name in found if name not in own] == [one.name for one in wanted], f"got {list(found)}"
    for one in wanted:
        assert found[one.name].default == one.default and found[one.name].kind is one.kind, f"another {one}"
    assert all(found[name].kind is inspect.Parameter.KEYWORD_ONLY for name in found if name in own)
