"""One word, one thing: no two public classes of one name among the modules of a layer, read from the source."""

import ast
from collections import defaultdict

from tests.test_layers import place, project

ROLES = {"Settings", "Options", "Preset", "Given", "Results", "Found"}
"""What a method or a study calls its own of the same: a method's settings, and the fields of a `Study`."""

STUDIES = 14
"""Names that two studies share, which neither reads of the other; lower it where the count has fallen."""


def shared(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return the names of public classes that several modules of one layer define, and where."""
    places = defaultdict(list)
    for module, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name not in ROLES:
                places[place(module)[0], node.name].append(module)
    return {name: sorted(where) for (_, name), where in places.items() if len(where) > 1}


def test_a_public_name_has_one_meaning_in_its_layer():
    sources = project()
    studies = {module for module in sources if module.startswith("jaxneuron.studies")}
    assert shared({module: text for module, text in sources.items() if module not in studies}) == {}
    found = shared({module: sources[module] for module in studies})
    assert len(found) <= STUDIES, found


def test_a_second_meaning_is_seen():
    one, private = "class Line: ...\nclass Settings: ...", "class _Line: ...\ndef f():\n    class Line: ..."
    sources = {"jaxneuron.rank.iou": one, "jaxneuron.find.logit": one, "jaxneuron.find.softmax": private}
    assert shared(sources) == {"Line": ["jaxneuron.find.logit", "jaxneuron.rank.iou"]}
    assert shared(sources | {"jaxneuron.find.logit": private, "jaxneuron.evaluate.mdl": one}) == {}
