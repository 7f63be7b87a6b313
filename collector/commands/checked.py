"""potline check --json: the problems of a configuration, or what is configured, as one document."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from collector.commands.division import assignment, assignment_warnings
from collector.commands.invocation import choice
from collector.commands.overview import WARNING, overview
from collector.settings import ConfigurationError, load


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
