"""The schema files are the contract: complete, true to their examples, read alike by all."""

import json

import jsonschema
import jsonschema_rs
import pytest

from server.validation import SCHEMA_DIR

SCHEMAS = {path.name: json.loads(path.read_text()) for path in SCHEMA_DIR.glob("*.json")}
MEMBERS = [(name, member) for name, schema in SCHEMAS.items() for member in schema["properties"]]
ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    1.0,
    1.5,
    2**63,
    2.0**63,
    1e300,
    "",
    " ",
    "\ufeff",
    "\x1f",
    "\u2028",
    "x",
    "é" * 256,
    "x" * 257,
    [],
    {},
)


def test_there_is_one_for_traces_and_one_for_errors():
    assert set(SCHEMAS) == {"trace.schema.json", "error.schema.json"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_draft_2020_12_and_its_examples_fit_it(name):
    schema = SCHEMAS[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]
    for example in schema["examples"]:
        jsonschema.Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize(("name", "member"), MEMBERS)
def test_every_member_is_described_bounded_and_has_examples_that_fit(name, member):
    described = SCHEMAS[name]["properties"][member]
    assert described["title"]
    assert described["description"]
    for example in described["examples"]:
        jsonschema.Draft202012Validator(described).validate(example)
    types = described.get("type", [])
    if "integer" in types or "number" in types:
        assert {"minimum", "maximum"} <= set(described)
    if member.endswith(("_tokens", "_usd")):
        assert "Unit: " in described["description"]


@pytest.mark.parametrize(("name", "member"), MEMBERS)
def test_both_validators_agree(name, member):
    schema = SCHEMAS[name]
    referee = jsonschema.Draft202012Validator(schema)
    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
    for value in ODD:
        item = {**schema["examples"][0], member: value}
        assert fast.is_valid(item) == referee.is_valid(item), value
