"""The settings of a plant of one potline, and of the collector, written into a folder and read."""

from pathlib import Path

from collector.settings import Configuration, load

CONFIG = Path(__file__).parents[1] / "config"

POTLINE = """
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


def plant_of(folder: Path, plant: str, collector: str = "") -> Configuration:
    """Load the settings of a plant whose file goes on with ``plant``, and the collector's with ``collector``."""
    (folder / "plant.toml").write_text(POTLINE + plant, encoding="utf-8")
    own = "".join(f'{kind}_dir = "{CONFIG}/{kind}"\n' for kind in ("profiles", "factors", "layouts"))
    text = f'plant_file = "plant.toml"\n{own}[store]\npath = "store.sqlite"\n{collector}'
    (folder / "collector.toml").write_text(text, encoding="utf-8")
    return load(folder / "collector.toml")
