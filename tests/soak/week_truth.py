"""What ledger and database say of a week beside what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plant_run import iso
from servers import InfluxDB1

AT_CLASS_HALF = 0.005
"""What is asked of a plant with meters of class 0.5, as in test_end_to_end.py [1]."""
A_MINUTE_IS_CUT = 1 / 60
"""The gases of a minute go with its metal, and a minute is cut to about a second of sixty [1]."""
_EFFICIENCY = 0.935
"""Of the plant file. That of the pots moves by a percent in a week, and no meter sees it."""

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Compared:
    """A total of the ledger and the true one; ``bound`` is the share of it that they may be apart [1]."""

    stated: float
    true: float
    apart: float
    bound: float

    @property
    def agrees(self) -> bool:
        """Whether they are as close as they must be."""
        return self.apart <= self.bound


def judged(stated: Rows, truth: Rows, end_ns: int) -> list[str]:
    """Return the minutes from the first one in which all meters were known to the last one before an end [UTC ns]."""
    known = [
        minute
        for minute in sorted(stated)
        if stated[minute]["liquid_ac"] and stated[minute]["liquid_ac"].get("minutes")
    ]
    begin, end = known[1], iso(end_ns)
    return [minute for minute in sorted(set(stated) & set(truth)) if begin <= minute < end]


def missing(minutes: Sequence[str], stated: Rows, truth: Rows) -> int:
    """Return how many minutes between the first and the last one the ledger or the truth does not have."""
    between = {minute for minute in {*stated, *truth} if minutes[0] <= minute <= minutes[-1]}
    return len(between) - len(minutes)


def compared(stated: Rows, truth: Rows, minutes: Sequence[str], pfc: Mapping[str, float]) -> dict[str, Compared]:
    """Return the totals of some minutes beside the true ones.

    Parameters
    ----------
    pfc
        What the database says of the perfluorocarbons of minutes [t CO2e], of those in which it says anything.
    """

    def total(rows: Rows, *names: str) -> float:
        return float(sum(rows[minute][name] for minute in minutes for name in names))

    def beside(said: float, true: float, bound: float) -> Compared:
        return Compared(round(said, 3), round(true, 3), abs(said / true - 1) if true else abs(said), bound)

    at_our_efficiency = {
        minute: _EFFICIENCY / truth[minute]["current_efficiency"] if truth[minute]["current_efficiency"] else 0.0
        for minute in minutes
    }
    metal_t = sum(truth[minute]["metal_t"] * share for minute, share in at_our_efficiency.items())
    # Emissions are stated of minutes of which everything is known; the truth is asked about the same ones.
    whole = [minute for minute in minutes if stated[minute]["comprehensive"]]
    anode_t = sum(truth[minute]["anode_t_co2e"] * at_our_efficiency[minute] for minute in whole)
    # The simulator's are those of the rectifiers alone.
    factor = total(truth, "electricity_t_co2e") / total(truth, "ac_kwh")
    electricity_t = factor * sum(truth[minute][name] for minute in whole for name in ("ac_kwh", "auxiliary_kwh"))
    told = [minute for minute in minutes if minute in pfc]
    pfc_t = sum(truth[minute]["pfc_t_co2e"] * at_our_efficiency[minute] for minute in told)
    found = {
        name: beside(total(stated, name), total(truth, name), AT_CLASS_HALF)
        for name in ("dc_kwh", "ac_kwh", "auxiliary_kwh", "charge_kah", "tapped_t")
    }
    return found | {
        "metal_t": beside(total(stated, "metal_t"), metal_t, AT_CLASS_HALF),
        "anode_t_co2e": beside(total(stated, "anode_t_co2"), anode_t, AT_CLASS_HALF),
        "electricity_t_co2e": beside(total(stated, "electricity_t_co2"), electricity_t, AT_CLASS_HALF),
        "pfc_t_co2e": beside(sum(pfc[minute] for minute in told), pfc_t, A_MINUTE_IS_CUT),
        "anode_effects": beside(total(stated, "anode_effects"), total(truth, "ae_count"), 0.0),
        "anode_effect_s": beside(total(stated, "anode_effect_s"), total(truth, "ae_s"), 1e-6),
    }


def pfc_minutes(influxdb: InfluxDB1) -> dict[str, float]:
    """Return the perfluorocarbons of minutes in the database, by their start [t CO2e]."""
    query = "SELECT pfc_t_co2e FROM emissions_intensity WHERE \"window\" = 'minute'"
    rows = influxdb.query("potline", query)
    return {iso(row["time"]): row["pfc_t_co2e"] for row in rows if row["pfc_t_co2e"] is not None}


def differing(influxdb: InfluxDB1, stated: Rows) -> int:
    """Return how many minutes have another energy in the database than in the ledger, or are in one of them alone."""
    query = "SELECT energy_kwh FROM energy_intensity WHERE \"window\" = 'minute' AND boundary = 'dc'"
    rows = influxdb.query("potline", query)
    told = {iso(row["time"]): row["energy_kwh"] for row in rows if row["energy_kwh"] is not None}
    in_ledger = {minute: sums["dc"]["energy_kwh"] for minute, sums in stated.items() if sums["dc"]}
    return sum(told.get(minute) != in_ledger.get(minute) for minute in {*told, *in_ledger})
