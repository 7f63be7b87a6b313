"""The profiles that come with the collector, each by its name."""

from pathlib import Path

from collector.plant.profile import MeterProfile
from collector.settings.profiles import read_profile

FOLDER = Path(__file__).parents[2] / "config" / "profiles"


def profile(name: str) -> MeterProfile:
    return read_profile(FOLDER / f"{name}.toml")
