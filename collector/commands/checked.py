"""potline check: the problems of a configuration, or what is configured."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from collector.commands.division import assignment, assignment_warnings, told_assignment
from collector.commands.invocation import EX_CONFIG, choice, config_option, counted, load_or_exit
from collector.commands.overview import WARNING, overview
from collector.settings import ConfigurationError, load


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, also of the problems.")
@config_option
def check(*, as_json: bool, config_file: Path) -> None:
    """Check all settings, and tell everything that is wrong at once.

    Lists each endpoint with its meters and their load, says how sure the register maps are, and warns of lines that
    cannot carry their load. Opens no connection and changes nothing. Exit code 0: all is well; 78: there are problems.

    \b
    Examples:
      potline check --config /etc/potline/collector.toml
      potline check --json
    """  # noqa: D301 - \b is what click knows
    if as_json:
        document = checked(config_file)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        sys.exit(EX_CONFIG if document["problems"] else 0)
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    meters, pots = len(plant.meters), sum(len(potline.pots) for potline in plant.potlines)
    click.echo(f"{config_file}: all is well")
    things = counted(len(plant.potlines), "potline"), counted(pots, "pot"), counted(meters, "meter")
    click.echo(f"plant {plant.id}: {', '.join(things)}")
    for line in (*told_assignment(configuration), *overview(plant)):
        click.echo(line)
    for line in assignment_warnings(configuration):
        click.echo(f"{WARNING}{line}")
    names = [f"{target.name} ({target.kind.value}, {target.url})" for target in configuration.targets]
    click.echo("databases: " + (", ".join(names) or "none; the store alone keeps everything"))


def checked(config_file: Path) -> dict[str, Any]:
    """Return what ``potline check`` finds.

    ``problems`` is empty if all is well: each has ``file``, ``line`` (0: the file as a whole, or a variable of the
    environment), ``key``, ``what`` and ``remedy``. ``warnings`` are sentences.
    """
    try:
        configuration = load(config_file, choice=choice())
    except ConfigurationError as exc:
        return {"config": str(config_file), "problems": [asdict(problem) for problem in exc.problems]}
    plant = configuration.plant
    return {
        "config": str(config_file),
        "problems": [],
        "warnings": [
            *(line.removeprefix(WARNING) for line in overview(plant) if line.startswith(WARNING)),
            *assignment_warnings(configuration),
        ],
        "collector": configuration.part and configuration.part.name,
        "collectors": assignment(configuration),
        "plant": plant.id,
        "potlines": [{"id": potline.id, "pots": len(potline.pots)} for potline in plant.potlines],
        "meters": [
            {"id": meter.id, "measures": meter.measures.value, "place": meter.place, "potline": meter.potline}
            for meter in plant.meters
        ],
        "databases": [
            {"name": target.name, "kind": target.kind.value, "url": target.url} for target in configuration.targets
        ],
    }
