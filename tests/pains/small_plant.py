"""A plant of one potline, written for a test into a folder, with the shipped register maps and factors."""

from pathlib import Path

from collector.settings import Configuration, load

CONFIG = Path(__file__).parents[2] / "config"

POTLINE = """\
[plant]
id = "p"
name = "P"
time_zone = "UTC"
[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"
[potlines.PL1]
name = "Potline 1"
pots = ["1001..1040"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "balance" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
"""


def plant_of(folder: Path, text: str, **files: str) -> Configuration:
    """Load the settings of a plant whose file goes on with ``text``; ``files`` lie beside it, by their names."""
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    (folder / "plant.toml").write_text(POTLINE + text, encoding="utf-8")
    settings = f'plant_file = "plant.toml"\nprofiles_dir = "{CONFIG}/profiles"\nfactors_dir = "{CONFIG}/factors"\n'
    (folder / "collector.toml").write_text(f'{settings}[store]\npath = "store.sqlite"\n', encoding="utf-8")
    return load(folder / "collector.toml")
