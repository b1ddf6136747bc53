"""What the user configured and where things live, as typed objects; resolved on call, never at import.

Importing this costs a fraction of a second: no Dagster, no dbt, no DuckDB here.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.settings.check import read_config
from orchestration.settings.documents import ConfigError, Mistake
from orchestration.settings.model import ENTITY_FEEDS, FEED_OF_SYSTEM, Config
from orchestration.settings.openslo.objectives import Objective
from orchestration.settings.user_key import UserKey, read_user_key

__all__ = [
    "ConfigError",
    "Mistake",
    "Objective",
    "Settings",
    "UserKey",
    "check_config",
    "config_folder",
    "load_settings",
]


@dataclass(frozen=True)
class Settings:
    """One resolved environment: the home folder, the configuration folder, what is in it and what is odd about it."""

    home: Path
    config_dir: Path
    config: Config
    objectives: list[Objective]
    notes: list[Mistake] = field(default_factory=list)

    @property
    def landing(self) -> Path:
        """The user's exports; read, never written."""
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        """The raw lake."""
        return self.home / "lake"

    @property
    def warehouse(self) -> Path:
        """The pipeline's private work file."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The current release, a symlink."""
        return self.home / "published"

    @property
    def reviews(self) -> Path:
        """What people said of alerts with `beaconmart alerts review`; read like a landed file, never rewritten."""
        return self.home / "alerts" / "reviews.csv"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage."""
        return self.home / "dagster"

    def retention_days(self, feed: str) -> int | None:
        """Returns for how many days raw rows of a feed are kept; None for entities, which are kept for good.

        Raises:
            KeyError: There is no such feed.
        """
        if feed not in FEED_OF_SYSTEM.values():
            raise KeyError(f"There is no feed '{feed}'; there are {', '.join(FEED_OF_SYSTEM.values())}")
        if feed in ENTITY_FEEDS:
            return None
        by_feed = {str(name): days for name, days in self.config.retention.by_feed.items()}
        return by_feed.get(feed, self.config.retention.default_days)

    def user_key(self) -> UserKey:
        """Returns the key that makes user ids unreadable, from the environment or the home folder."""
        return read_user_key(self.home)


def load_settings() -> Settings:
    """Reads the environment (BEACONMART_HOME, BEACONMART_CONFIG) and the configuration folder.

    Raises:
        ConfigError: The configuration is wrong; it carries every mistake.
    """
    home = Path(os.environ.get("BEACONMART_HOME") or "data").expanduser().resolve()
    config_dir = config_folder()
    found = read_config(config_dir)
    if found.mistakes or found.config is None:
        raise ConfigError(found.mistakes)
    return Settings(home, config_dir, found.config, found.objectives, found.notes)


def config_folder() -> Path:
    """Returns the configuration folder that the environment names, `config` here by default."""
    return Path(os.environ.get("BEACONMART_CONFIG") or "config").expanduser().resolve()


def check_config(config_dir: Path) -> list[Mistake]:
    """Returns every mistake of a configuration folder, in the order of files and lines."""
    return read_config(config_dir).mistakes
