"""A record as JSON is what the shipped schema says, and comes back the same."""

import json
from pathlib import Path
from typing import get_args, get_type_hints

import jsonschema
import numpy as np
import pytest

import jaxneuron.report.atlas
from jaxneuron.report.atlas import plain, unit
from tests.report.atlas import made

SCHEMA = json.loads((Path(jaxneuron.report.atlas.__file__).parent / "unit.schema.json").read_text(encoding="utf-8"))
RECORDS = {name: kind for name, kind in vars(unit).items() if hasattr(kind, "_fields")}


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


def group() -> unit.Unit:
    one = made.unit("block0", 3, plain=True)
    return one._replace(identity=one.identity._replace(kind="group", name="commas", members=[1, 2]))


def silent() -> unit.Unit:
    """Return the least that a record can be: a unit of which nothing is known but that it is dead."""
    spread = unit.Distribution(0, unit.Estimate(np.nan), np.float32(np.nan), 0.0, 0.0, dead=True)
    return unit.Unit(unit.Identity("made", "block0", 0), made.PROVENANCE, spread)


@pytest.mark.parametrize("record", [made.unit("block0", 3), made.unit("block0", 4, plain=True), group(), silent()])
def test_a_record_is_valid_and_comes_back(validator, record):
    content = json.loads(json.dumps(plain.plain(record), allow_nan=False))
    validator.validate(content)
    assert plain.plain(plain.unit(content)) == content


def change(content, *path):
    for name in path[:-1]:
        content = content[name]
    return content, path[-1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("identity", "kind"), "neuron"),
        (("identity", "unit"), 1.5),
        (("identity", "unit"), -1),
        (("distribution", "mean"), 0.5),
        (("provenance", "seed"), "7"),
        (("examples", "positive", "top", 0, "word"), None),
        (("inputs", 0, "percentile"), 101),
        (("concepts", 0, "surprise"), 1),
        (("surprise",), 1),
    ],
)
def test_what_is_no_record_is_refused(validator, path, value):
    content = plain.plain(made.unit("block0", 3))
    inner, name = change(content, *path)
    inner[name] = value
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(content)


@pytest.mark.parametrize("path", [("identity", "site"), ("provenance", "corpus"), ("distribution",)])
def test_what_must_be_there_is_missed(validator, path):
    content = plain.plain(made.unit("block0", 3))
    inner, name = change(content, *path)
    del inner[name]
    with pytest.raises(jsonschema.ValidationError, match=name):
        validator.validate(content)
    with pytest.raises(ValueError, match=f"lacks '{name}'"):
        plain.unit(content)


def test_a_field_of_another_version_is_named():
    content = plain.plain(made.unit("block0", 3))
    content["concepts"][0]["mood"] = 1
    with pytest.raises(ValueError, match="Concept has no 'mood'"):
        plain.unit(content)


@pytest.mark.parametrize("name", RECORDS)
def test_the_schema_has_the_fields_of_the_records(name):
    record, said = RECORDS[name], SCHEMA if name == "Unit" else SCHEMA["$defs"][name]
    assert list(said["properties"]) == list(record._fields)
    assert said["required"] == [field for field in record._fields if field not in record._field_defaults]
    assert said["additionalProperties"] is False
    for field, hint in get_type_hints(record).items():
        inner = [one.__name__ for one in (hint, *get_args(hint)) if hasattr(one, "_fields")]
        assert all(f"#/$defs/{one}" in json.dumps(said["properties"][field]) for one in inner)


def test_every_record_is_reached_from_a_unit():
    assert set(SCHEMA["$defs"]) == set(RECORDS) - {"Unit"}
    assert all(f'"#/$defs/{name}"' in json.dumps(SCHEMA) for name in SCHEMA["$defs"])
