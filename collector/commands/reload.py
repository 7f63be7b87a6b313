"""``potline reload``: the running collector reads its settings again."""

import sys
from pathlib import Path

import click

from collector.commands.invocation import (
    EX_CONFIG,
    EX_UNAVAILABLE,
    choice,
    config_option,
    counted,
    fail,
    load_or_exit,
)
from collector.settings import store_path
from collector.supervision.control import NotRunning, ask_to_reload


@click.command()
@config_option
def reload(config_file: Path) -> None:
    """Let the running collector read its settings again, and tell what it added, changed and removed.

    Meters, endpoints, brokers, databases, factors and what else differs are taken up while all the others go on: no
    connection of theirs is interrupted, and no reading is lost. If anything is wrong, nothing is changed.

    What cannot change while it runs is refused with a word on what to do: [store] path, [page] listen, [plant] id.
    Files with certificates, keys and passwords are read when a connection is made; restart to have them read now.

    Exit code 0: the settings are in force; 78: there are problems, the old settings run on; 69: no collector answers.

    \b
    Example:
      potline reload --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    store = store_path(config_file, choice())
    if store is None:
        load_or_exit(config_file)
        fail(f"{config_file}: [store] path cannot be read; run 'potline check'", EX_CONFIG)
    try:
        outcome = ask_to_reload(store)
    except NotRunning as exc:
        fail(str(exc), EX_UNAVAILABLE)
    if outcome.result == "stopping":
        fail(f"ask the collector of {store}: it is being stopped; the settings count at its next start", EX_UNAVAILABLE)
    if outcome.result == "refused":
        for problem in outcome.problems:
            click.echo(problem, err=True)
        click.echo(
            f"{counted(len(outcome.problems), 'problem')}; the collector goes on with the old settings", err=True
        )
        sys.exit(EX_CONFIG)
    if outcome.result == "unchanged":
        click.echo("nothing has changed")
    for what, names in (("added", outcome.added), ("changed", outcome.changed), ("removed", outcome.removed)):
        for name in names:
            click.echo(f"{what}: {name}")
