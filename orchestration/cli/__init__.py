"""The `beaconmart` command: thin verbs that call what Dagster calls, and say in words what went wrong.

Each verb's module is loaded when the verb is used, so that a query does not wait for Dagster. No verb has logic of its
own.
"""

import gc
import sys
from importlib import import_module

import click

# verb -> module; the order is that of a newcomer's first day, and of the help.
VERBS = {
    "demo": "running",
    "config": "configuring",
    "simulate": "configuring",
    "run": "running",
    "dev": "running",
    "status": "reading",
    "query": "reading",
    "export": "reading",
    "report": "reporting",
    "metrics": "reading",
    "digest": "reading",
    "alerts": "alerting",
    "expire": "running",
    "compact": "running",
    "forget": "forgetting",
}
# A run makes millions of objects that live as long as it does, Dagster's definitions and dbt's project. At Python's
# default (700) the collector goes through them again and again, for a fourteenth of the run's CPU.
COLLECT_AFTER_OBJECTS = 50_000


class LazyGroup(click.Group):
    """A group that imports a verb's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of a first day."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, or None if there is none of that name."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"orchestration.cli.{VERBS[cmd_name]}"), cmd_name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="beaconmart", message="%(prog)s %(version)s")
def beaconmart() -> None:
    """Turn a web site's exports into answers: is it fast, is it up, what broke, what did it cost, what comes next.

    Everything lives under BEACONMART_HOME (default ./data); what you configure, under BEACONMART_CONFIG (default
    ./config).
    """


def main() -> None:
    """The console script: like the group, but what a person can mend is a sentence and not a traceback."""
    from orchestration.lake.object_storage import StorageError
    from orchestration.settings import ConfigError

    gc.set_threshold(COLLECT_AFTER_OBJECTS)
    try:
        sys.exit(beaconmart(standalone_mode=False))
    except click.Abort:
        _fail("Stopped. The same command carries on where this one was.", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ConfigError as error:
        _fail(f"{error}\nNothing was started. `beaconmart config check` checks again.", 2)
    except StorageError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        # The reader (head, less) has what it wanted; Python would complain once more when it flushes at exit.
        sys.stdout = None
        sys.exit(0)
    except Exception as error:
        # Whichever library meets a full disk, or too little memory, wraps it in an error of its own.
        from orchestration import shortage
        from orchestration.settings import load_settings

        words = shortage.explain(error, load_settings())
        if not words:
            raise
        _fail(words, 1)


def _fail(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
