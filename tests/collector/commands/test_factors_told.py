"""What 'potline factors' says of factors that are told while the plant runs: the last one, its age, and gaps."""

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from example_plant import CONFIG, example_plant

from collector.cli import main
from collector.closing.told import as_told
from collector.commands.factors import lines, report
from collector.plant.contracts import Contract, Portfolio, Technology
from collector.plant.told import Untold
from collector.plant.topology import Plant
from collector.readings.event import ToldFactor
from collector.store.commit import Commit
from collector.store.store import Store

HOUR = 3600 * 10**9
T0 = 1_772_337_600 * 10**9  # 2026-03-01T04:00:00Z


def grid(hour: int, value: float) -> ToldFactor:
    return ToldFactor(f"G-{hour}", 1, "grid_factor", T0 + hour * HOUR, T0 + (hour + 1) * HOUR, value, "grid operator")


def plant_told(*told: ToldFactor) -> Plant:
    plant = example_plant()
    river = Contract("river", Technology.HYDRO, 0.0, "s", 0, untold=Untold.WITHHOLD)
    plant = dataclasses.replace(
        plant,
        grid_factor=dataclasses.replace(plant.grid_factor, untold=Untold.ESTIMATE),
        portfolio=Portfolio((river,)),
    )
    return as_told(plant, told)


def test_the_value_in_force_stands_with_its_source_and_the_gaps_before_it() -> None:
    found = report(plant_told(grid(0, 0.4), grid(3, 0.5)), T0 + 7 * HOUR // 2)
    (factor,) = [each for each in found.in_force if each.key == "emissions.grid_factor"]
    assert (factor.value, factor.id, factor.version, factor.source) == (0.5, "G-3", "revision 1", "grid operator")
    assert (factor.verified, factor.estimated) == ("told", False)
    of_grid, of_river = found.told
    assert (of_grid.latest, of_grid.age_h, of_grid.values) == ("G-3 revision 1", 0.0, 2)
    assert of_grid.gaps == ("2026-03-01 05:00Z to 2026-03-01 07:00Z",)
    assert (of_river.key, of_river.latest, of_river.age_h, of_river.untold) == ("contracts.river", "", None, "withhold")


def test_what_is_over_is_told_with_its_age_and_what_counts_instead() -> None:
    found = report(plant_told(grid(0, 0.4)), T0 + 5 * HOUR // 2)
    (factor,) = [each for each in found.in_force if each.key == "emissions.grid_factor"]
    assert (factor.id, factor.estimated) == ("cn-national-2023", True)
    text = "\n".join(lines(found, 200))
    assert "emissions.grid_factor: 0.4 kg CO2/kWh, G-0 revision 1, ended 1.5 h ago, 1 value in all;" in text
    assert "nothing told: 2026-03-01 05:00Z to 2026-03-01 06:30Z" in text
    assert "contracts.river: nothing is told yet; where nothing is told: withhold" in text


def test_the_command_reads_what_the_store_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = example_plant()

    async def tell() -> None:
        async with Store(tmp_path / "s.sqlite", plant.points) as store:
            await store.commit(Commit(T0, events=[grid(-12, 0.25)]))

    asyncio.run(tell())
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "s.sqlite"))
    monkeypatch.setenv("POTLINE_EMISSIONS__GRID_FACTOR_UNTOLD", "estimate")
    result = CliRunner().invoke(main, ["factors", "--config", str(CONFIG), "--at", "2026-03-01", "--json"])
    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.output)["told"]
    assert (told["key"], told["latest"], told["value"]) == ("emissions.grid_factor", "G--12 revision 1", 0.25)
