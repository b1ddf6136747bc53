"""The published JSON Schemas: of `config/beaconmart.yml`, generated from its model, and of one row of each feed.

`python -m orchestration.schemas` writes the first anew after the model has changed. Feeds' schemas are written by hand:
they say what a row that is kept looks like; how it is read belongs to `sources`.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from orchestration.settings.model import FEED_OF_SYSTEM, Config

CONFIG_SCHEMA = "config/beaconmart.schema.json"


def config_schema() -> str:
    """Returns the JSON Schema of `beaconmart.yml` as text, as it stands in CONFIG_SCHEMA."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(mode="validation"),
        "title": "beaconmart.yml",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@cache
def feed_schema(feed: str) -> dict[str, Any]:
    """Returns the JSON Schema of one row of a feed, such as `beacons`.

    CSV cells are text: a cell fits when the value that it is the text of fits, and an empty one is an absent field.

    Raises:
        KeyError: There is no such feed.
    """
    if feed not in FEED_OF_SYSTEM.values():
        raise KeyError(f"There is no feed '{feed}'; there are {', '.join(FEED_OF_SYSTEM.values())}")
    text = resources.files(__package__).joinpath("feeds", f"{feed}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
