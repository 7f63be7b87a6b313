"""A plant of one potline, written for a test into a folder, with the shipped register maps and factors."""

from pathlib import Path

from small_settings import CONFIG, POTLINE

from collector.settings import Configuration, load


def plant_of(folder: Path, text: str, **files: str) -> Configuration:
    """Load the settings of a plant whose file goes on with ``text``; ``files`` lie beside it, by their names."""
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    (folder / "plant.toml").write_text(POTLINE + text, encoding="utf-8")
    settings = f'plant_file = "plant.toml"\nprofiles_dir = "{CONFIG}/profiles"\nfactors_dir = "{CONFIG}/factors"\n'
    (folder / "collector.toml").write_text(f'{settings}[store]\npath = "store.sqlite"\n', encoding="utf-8")
    return load(folder / "collector.toml")
