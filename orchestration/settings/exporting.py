"""The exports that the configuration declares: which rows of which table go where, and when.

How they are written belongs to `orchestration.exports`.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from orchestration.settings.parts import Name, Part

Format = Literal["csv", "parquet", "json", "xlsx"]


def _target(value: str) -> str:
    if value.endswith("/"):
        raise ValueError(f"'{value}' is a folder; name the file in it, such as {value}kpis-{{date}}.csv")
    for placeholder in re.findall(r"\{(.*?)\}", value):
        if placeholder != "date":
            raise ValueError(f"'{{{placeholder}}}' is not a placeholder; the only one is {{date}}, the last day")
    scheme = re.match(r"([a-z0-9]+)://", value)
    if scheme and scheme[1] not in ("s3", "gs", "az"):
        raise ValueError(f"'{scheme[1]}://' cannot be written to; use a local path, s3://, gs:// or az://")
    return value


class Export(Part):
    """Rows of a published table that are written to a file after each publish."""

    name: Name
    table: str = Field(min_length=1, description="a published table, such as executive.fct_kpi_daily")
    columns: list[str] = Field(default_factory=list, description="all of them where none is named")
    where: str = Field(default="", description="a condition in SQL; $as_of is the last day of the file")
    format: Format | None = Field(default=None, description="by default what the end of the file's name says")
    to: Annotated[str, Field(min_length=1), AfterValidator(_target)] = Field(
        description="a file with {date}; relative to BEACONMART_HOME, or absolute, s3://, gs://, az://"
    )
    when: Literal["daily", "weekly", "monthly"] = Field(
        default="daily", description="each publish, or once a week (to Sunday) or month that is over"
    )

    @model_validator(mode="after")
    def _has_format_and_date(self) -> "Export":
        if self.format is None and self.to.rpartition(".")[2].lower() not in ("csv", "parquet", "json", "xlsx"):
            raise ValueError("no format; end the file's name with .csv, .parquet, .json or .xlsx, or give format")
        if self.when != "daily" and "{date}" not in self.to:
            raise ValueError(f"a {self.when} export has a file for each period; put {{date}} into its path")
        return self
