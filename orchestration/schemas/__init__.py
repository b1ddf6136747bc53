"""The published JSON Schemas: of the configuration, generated from its models, and of one row of each feed.

`python -m orchestration.schemas` writes the first ones anew after a model has changed, and into those of feeds the
ranges that fields declare. The rest of these is written by hand: they say what a row that is kept looks like; how it is
read belongs to `sources`.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from orchestration.settings.model import FEED_OF_SYSTEM, OWN_SYSTEMS, Config
from orchestration.settings.openslo.shapes import SHAPES
from orchestration.sources import FEEDS
from orchestration.sources.feed import Feed, Range

# By system: our own formats are described by the feed that they are, those of other tools by themselves.
SCHEMA_OF_SYSTEM = {
    system: feed if system in OWN_SYSTEMS else system for system, feed in FEED_OF_SYSTEM.items() if system != "sentry"
}
SCHEMAS = tuple(SCHEMA_OF_SYSTEM.values())
_FEEDS_FOLDER = "orchestration/schemas/feeds"
_LIMITS = ("minimum", "exclusiveMinimum", "maximum")
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def config_schemas() -> dict[str, str]:
    """Returns the JSON Schemas of the configuration as texts, by the path at which they stand."""
    return {
        "config/beaconmart.schema.json": _text(_one(Config), "beaconmart.yml"),
        "config/openslo.schema.json": _text(_openslo(), "OpenSLO v1"),
    }


def feed_schemas() -> dict[str, str]:
    """Returns the JSON Schemas of feeds as texts with the ranges of their fields, by the path at which they stand."""
    return {
        f"{_FEEDS_FOLDER}/{name}.schema.json": _with_ranges(feed_schema(name), feed)
        for feed in FEEDS.values()
        if (name := SCHEMA_OF_SYSTEM[feed.system])
    }


def _with_ranges(schema: dict[str, Any], feed: Feed) -> str:
    """Names with a dot may be written with an underscore; times of our own feeds are epochs or texts."""
    properties = dict(schema.get("properties", {}))
    for field in feed.fields:
        for key in {field.key, field.key.replace(".", "_")} & set(properties):
            kept = {word: value for word, value in properties[key].items() if word not in _LIMITS}
            if field.range:
                properties[key] = kept | _limits(field.range)
            elif field.kind == "time" and feed.system in OWN_SYSTEMS:
                description = {"description": kept["description"]} if "description" in kept else {}
                properties[key] = description | {"oneOf": [{"type": "number"}, {"type": "string", "minLength": 10}]}
    changed = {**schema, "properties": properties} if properties else schema
    return json.dumps(changed, indent=2, ensure_ascii=False) + "\n"


def _limits(within: Range) -> dict[str, float]:
    minimum, maximum = (int(limit) if limit == int(limit) else limit for limit in (within.minimum, within.maximum))
    return {"exclusiveMinimum" if within.is_above_minimum else "minimum": minimum, "maximum": maximum}


def _one(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(mode="validation")


def _openslo() -> dict[str, Any]:
    """Each kind has a spec of its own, which its `kind` chooses."""
    references, definitions = models_json_schema([(shape, "validation") for shape in SHAPES.values()])
    chosen = [
        {"if": {"properties": {"kind": {"const": kind}}}, "then": references[shape, "validation"]}
        for kind, shape in SHAPES.items()
    ]
    kinds = {"properties": {"kind": {"enum": list(SHAPES)}}, "required": ["apiVersion", "kind"]}
    return {**definitions, **kinds, "allOf": chosen}


def _text(schema: dict[str, Any], title: str) -> str:
    return json.dumps({"$schema": _DRAFT, **schema, "title": title}, indent=2, ensure_ascii=False) + "\n"


@cache
def feed_schema(name: str) -> dict[str, Any]:
    """Returns the JSON Schema of one row of a feed such as `beacons`, or of one line of another tool such as `faro`.

    CSV cells are text: a cell fits when the value that it is the text of fits, and an empty one is an absent field.

    Raises:
        KeyError: There is no such feed or tool, or of that tool no schema.
    """
    file = resources.files(__package__).joinpath("feeds", f"{name}.schema.json")
    if name not in SCHEMAS or not file.is_file():
        raise KeyError(f"There is no schema of '{name}'; there are {', '.join(SCHEMAS)}")
    text = file.read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
