"""What the parts of the configuration have in common: their base and the types of single values.

Which parts there are belongs to `model`, `reliability` and `alerting`.
"""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{value}' is not a time zone; write an IANA name such as UTC or Europe/Berlin") from error
    return value


def regex(value: str) -> str:
    """Returns a regular expression that the engine of DuckDB understands.

    Raises:
        ValueError: It does not; the message says what to write.
    """
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"'{value}' is not a regular expression: {error}; write one such as ^/product/") from error
    # Patterns run inside DuckDB, whose engine (RE2) has neither of these.
    beyond = re.search(r"\(\?(?:[=!>]|<[=!]|\(|P=)|\\[1-9]|\\Z|[*+?}]\+", value)
    if beyond:
        raise ValueError(f"'{value}' uses '{beyond[0]}', which is not supported; do without lookaround and references")
    return value


# Names are compared with what other tools export (a service's name in a probe), so they keep capitals and spaces.
Name = Annotated[str, Field(max_length=100, pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$")]
# Words with which tables mark a row of no single thing: a total, and what nobody said. A thing of that name would be
# taken for it. In data `all` is renamed on the way in (dbt_project/macros/own_name.sql).
RESERVED = {"all": "the total of all of them", "unknown": "what names none of them"}
Zone = Annotated[str, AfterValidator(_zone)]
Share = Annotated[float, Field(gt=0, le=1)]


class Part(BaseModel):
    """A part of the configuration: an unknown key is a mistake, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
