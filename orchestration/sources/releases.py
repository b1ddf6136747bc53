"""Deployments of a release, as CSV."""

from orchestration.sources.feed import Feed, Field

FEED = Feed(
    name="releases",
    system="releases",
    table="releases",
    time="deployed_at",
    is_entity=True,
    is_occasional=True,
    fields=(
        Field("release", required=True),
        Field("service"),
        Field("commit"),
        Field("is_rollback", "boolean"),
        Field("deployed_at", "time", required=True),
    ),
)
