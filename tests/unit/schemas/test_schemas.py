import csv
import json
from datetime import date
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from ruamel.yaml import YAML

from orchestration.schemas import SCHEMAS, config_schemas, feed_schema, feed_schemas
from orchestration.settings.model import Feed
from orchestration.simulate import simulate

ROOT = Path(__file__).parents[3]
FEEDS = get_args(Feed)


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    simulate(folder, days=12, end=date(2026, 11, 22), seed=2, page_views_per_day=120)
    return folder


def rows_and_bad_lines(landing, feed, read_lines):
    truth = json.loads((landing / "truth.json").read_text())
    for path, said in truth["files"].items():
        if path.split("/")[1].split(".")[0].removesuffix("-late") != feed:
            continue
        lines = read_lines(landing / path)
        header = b"" if "ndjson" in path else lines[0] + b"\n"
        for number, line in enumerate(lines[1 if header else 0 :], 2 if header else 1):
            yield header + line, number in said["malformed_lines"]


def as_row(text, schema):
    """A line as a row: JSON as it is, CSV cells as the values that their field asks for."""
    if text.startswith(b"{"):
        return json.loads(text)
    (cells,) = csv.DictReader(text.decode().splitlines())
    return {name: _typed(cell, schema["properties"].get(name, {})) for name, cell in cells.items() if name and cell}


def _typed(cell, field):
    convert = {
        "integer": int,
        "number": float,
        "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    }
    try:
        if "oneOf" in field and cell.startswith("["):
            return json.loads(cell)
        return convert.get(field.get("type", ""), str)(cell)
    except (ValueError, KeyError):
        return cell


@pytest.mark.parametrize("path", config_schemas() | feed_schemas())
def test_the_published_schemas_say_what_models_and_declared_ranges_say(path):
    expected = config_schemas() | feed_schemas()
    assert (ROOT / path).read_text() == expected[path], "write them anew: python -m orchestration.schemas"


def test_the_default_configuration_fits_its_schema_and_names_it():
    text = (ROOT / "config/beaconmart.yml").read_text()
    assert text.startswith("# yaml-language-server: $schema=beaconmart.schema.json\n")
    # JSON has no dates: an editor checks them as the text that they are.
    values = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    jsonschema.Draft202012Validator(json.loads(config_schemas()["config/beaconmart.schema.json"])).validate(values)


@pytest.mark.parametrize("file", sorted((ROOT / "config/slos").glob("*.yml")), ids=lambda file: file.stem)
def test_the_objectives_of_the_shop_fit_the_schema_that_they_name(file):
    validator = jsonschema.Draft202012Validator(json.loads(config_schemas()["config/openslo.schema.json"]))
    assert file.read_text().startswith("# yaml-language-server: $schema=../openslo.schema.json\n")
    for document in YAML(typ="safe", pure=True).load_all(file.read_text()):
        validator.validate(json.loads(json.dumps(document, default=str)))
        assert list(validator.iter_errors({**document, "kind": "Service"}))
        assert list(validator.iter_errors({**document, "spec": {**document["spec"], "x-team": "web"}}))


def test_the_schema_finds_an_unknown_key_and_a_wrong_value():
    validator = jsonschema.Draft202012Validator(json.loads(config_schemas()["config/beaconmart.schema.json"]))
    values = {"site": {"name": "Shop", "currency": "euro", "timezone": "UTC", "colour": "red"}}
    found = {error.json_path for error in validator.iter_errors(values)}
    assert {"$.site", "$.site.currency"} <= found


@pytest.mark.parametrize("feed", SCHEMAS)
def test_each_feed_has_a_valid_schema_that_describes_its_fields(feed):
    schema = feed_schema(feed)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == feed
    assert set(schema.get("required", ())) <= set(schema.get("properties", ()))


@pytest.mark.parametrize("feed", FEEDS)
def test_every_good_simulated_row_fits_the_schema_of_its_feed(feed, landing, read_lines):
    # A wrong type in an optional field is planted and kept: the row is good, the field goes to `_extra`.
    schema = feed_schema(feed)
    validator = jsonschema.Draft202012Validator(schema)
    lines = rows_and_bad_lines(landing, feed, read_lines)
    good = [text for text, is_bad in lines if not is_bad and b'"perhaps"' not in text]
    assert good
    # Probes and requests are a hundred thousand rows of a kind: a few thousand of them tell as much.
    for text in good[:: max(1, len(good) // 3000)]:
        row = as_row(text, schema)
        assert validator.is_valid(row), next(validator.iter_errors(row)).message


def test_malformed_rows_do_not_fit_unless_only_their_time_is_wrong(landing, read_lines):
    refused = 0
    for feed in ("beacons", "errors", "orders", "probes", "requests", "sessions"):
        schema = feed_schema(feed)
        validator = jsonschema.Draft202012Validator(schema)
        for text, is_bad in rows_and_bad_lines(landing, feed, read_lines):
            if not is_bad:
                continue
            try:
                row = as_row(text, schema)
            except ValueError:
                refused += 1
                continue
            times = [str(value) for name, value in row.items() if name in ("ts", "checked_at", "minute", "ordered_at")]
            only_in_time = any(not time.startswith(("2026", "17")) for time in times) or row.get("currency") == "JPY"
            assert only_in_time or not validator.is_valid(row), text
            refused += not validator.is_valid(row)
    assert refused >= 5


def test_there_is_no_schema_of_an_unknown_feed():
    with pytest.raises(KeyError, match="There is no schema of 'cookies'"):
        feed_schema("cookies")
