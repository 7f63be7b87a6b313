"""Write the dashboards' JSON: every module here that has `dashboard()` becomes a file in deploy/grafana/dashboards.

``python deploy/grafana/source/build.py`` writes them; with ``--check`` it writes nothing, and its exit code is 1 if a
file is not as it would be written.
"""

import argparse
import importlib
import sys
from pathlib import Path

from panels import as_json

SOURCE = Path(__file__).parent
DASHBOARDS = SOURCE.parent / "dashboards"


def built() -> dict[str, str]:
    """Return the text of each dashboard by the name of its file: ``data_quality.py`` makes ``data-quality.json``."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.glob("*.py")):
        if path.stem == Path(__file__).stem:
            continue
        dashboard = getattr(importlib.import_module(path.stem), "dashboard", None)
        if dashboard is not None:
            found[path.stem.replace("_", "-") + ".json"] = as_json(dashboard())
    return found


def differences(folder: Path) -> list[str]:
    """Return what of a folder is not as it would be written: missing, not up to date, or made by nothing."""
    wanted = built()
    there = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    found = [f"{name} is missing" for name in wanted if name not in there]
    found += [f"{name} is not up to date" for name, text in wanted.items() if there.get(name, text) != text]
    return found + [f"{name} is made by no module" for name in there if name not in wanted]


def main(arguments: list[str], folder: Path = DASHBOARDS) -> int:
    """Write the dashboards, or compare them; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the Grafana dashboards from their source.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file would change")
    if parser.parse_args(arguments).check:
        found = differences(folder)
        for difference in found:
            sys.stderr.write(f"{folder.name}/{difference}; run 'make dashboards'\n")
        return 1 if found else 0
    for name, text in built().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
