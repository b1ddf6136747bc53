"""The part `errors` of `beaconmart.yml`: which groups are one, which nobody wants to hear of, and what is news.

How errors are told apart is the dbt project's (`macros/errors.sql`).
"""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from orchestration.settings.parts import Name, Part, regex

GroupId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="id of an error group, as the pages show it")]


class Merge(Part):
    """Groups that are one error, under one name."""

    name: Name
    groups: list[GroupId] = Field(min_length=1)


class Ignore(Part):
    """Errors that are counted apart and told to nobody: one group, or all whose masked message matches."""

    group: GroupId | None = None
    message: Annotated[str, Field(min_length=1), AfterValidator(regex)] | None = Field(
        default=None, description="a regular expression on the masked message, such as ^ResizeObserver loop"
    )
    reason: str = Field(min_length=1, description="stands beside the group on the page")

    @model_validator(mode="after")
    def _names_one_thing(self) -> "Ignore":
        if (self.group is None) == (self.message is None):
            raise ValueError("says neither or both of group and message; keep one")
        return self


class Escalation(Part):
    """When more of an error is an escalation: beyond chance, and beyond a size that matters."""

    false_discovery_rate: float = Field(default=0.02, gt=0, lt=0.5)
    smallest_change_share: float = Field(default=1.0, gt=0, description="1 is twice what was expected")
    smallest_count: int = Field(default=10, ge=1, description="fewer errors a day are never one")


class Errors(Part):
    """What is made of errors."""

    resolved_after_days: int = Field(default=14, ge=1, le=60, description="silent for longer: resolved")
    escalation: Escalation = Escalation()
    merges: list[Merge] = Field(default_factory=list)
    ignores: list[Ignore] = Field(default_factory=list)
