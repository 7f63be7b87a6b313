"""Write Grafana's alert rules as the file that it provisions them from.

python deploy/grafana/source/provisioned.py            writes it
python deploy/grafana/source/provisioned.py --check    writes nothing; exit code 1 if it is not as it would be written
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

import alerts
import build

FILE = build.SOURCE.parent / "provisioning" / "alerting" / "potline.yaml"
FOLDER = "Potline"
"""The folder of the dashboards."""


def panels() -> dict[tuple[str, str], int]:
    """Return the ids of all panels of all dashboards, by the dashboard's uid and the panel's title."""
    dashboards = [json.loads(text) for text in build.built().values()]
    return {
        (dashboard["uid"], panel["title"]): panel["id"]
        for dashboard in dashboards
        for panel in dashboard["panels"]
        if panel["type"] != "row"
    }


def text(known: Mapping[tuple[str, str], int]) -> str:
    """Return the file.

    Parameters
    ----------
    known
        The ids of panels that rules may be linked to, as `panels` gives them.

    Raises
    ------
    ValueError
        If a rule is linked to a panel that is not there.
    """
    groups = [
        {
            "orgId": 1,
            "name": group.name,
            "folder": FOLDER,
            "interval": group.every,
            "rules": [rule.built(known) for rule in group.rules],
        }
        for group in alerts.groups()
    ]
    first = "# Grafana's alert rules, written by deploy/grafana/source/provisioned.py. A change made here is lost.\n"
    return first + yaml.safe_dump({"apiVersion": 1, "groups": groups}, sort_keys=False, width=120, allow_unicode=True)


def main(arguments: list[str], file: Path = FILE) -> int:
    """Write the file, or compare it; return the exit code."""
    parser = argparse.ArgumentParser(description="Write Grafana's alert rules from their source.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the file would change")
    wanted = text(panels())
    if parser.parse_args(arguments).check:
        if file.is_file() and file.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write(f"{file.name} is missing or not up to date; run 'make dashboards'\n")
        return 1
    file.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
