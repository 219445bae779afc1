"""What contract suites share: a method is called by the names of its arguments; a name its folder lacks fails."""

import difflib
import inspect


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
