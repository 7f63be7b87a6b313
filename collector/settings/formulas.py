"""What the formulas refuse, found before the line runs: each number is put into the formula that will use it."""

import re
from collections.abc import Callable, Mapping

from collector.domain import anode_effect, carbon, electricity
from collector.domain.soderberg import soderberg_anode_co2_t

Refusal = tuple[str, str]
"""What is wrong, and what to do about it."""

_SENTENCE = re.compile(r"\S+ is (\S+): (.*)\. Remedy: (.*)\.")


def anode_sulphur(percent: float) -> Refusal | None:
    """Return why a share of sulphur in the anode is refused [%]."""
    return _anode(sulphur_percent=percent)


def anode_ash(percent: float) -> Refusal | None:
    """Return why a share of ash in the anode is refused [%]."""
    return _anode(ash_percent=percent)


def net_anode_consumption(tonnes: float) -> Refusal | None:
    """Return why a net anode consumption is refused [t/t]."""
    return _anode(net_anode_consumption=tonnes)


def grid_factor(kg_co2_per_kwh: float) -> Refusal | None:
    """Return why a grid's emission factor is refused [kg CO2/kWh]."""
    return _refusal(lambda: electricity.location_based_co2_t(1.0, grid_factor=kg_co2_per_kwh))


def warming_potential(gwp: float) -> Refusal | None:
    """Return why a global warming potential is refused [t CO2e/t]."""
    return _refusal(lambda: anode_effect.pfc_co2e_t(1.0, 1.0, gwp_cf4=gwp, gwp_c2f6=gwp))


def slope(coefficient: float) -> Refusal | None:
    """Return why a slope is refused [(kg CF4/t Al)/(min/d)]."""
    if coefficient == 0 or coefficient >= 10:
        return f"a slope of {coefficient:g} is not possible", "rule sets print 0.05 to 0.3"
    return _refusal(lambda: anode_effect.slope_cf4_kg(1.0, ae_minutes_per_cell_day=1.0, slope=coefficient))


def c2f6_per_cf4(ratio: float) -> Refusal | None:
    """Return why a ratio of the masses of C2F6 and CF4 is refused [kg/kg]."""
    return _refusal(lambda: anode_effect.ratio_c2f6_kg(1.0, c2f6_per_cf4=ratio))


def current_efficiency(percent: float) -> Refusal | None:
    """Return why a current efficiency is refused [%]; what the formula takes and no pot reaches is refused, too."""
    if 50 < percent <= 100:
        return None
    return f"a current efficiency of {percent:g} % is not possible", "pots reach 85 to 97 %"


def paste(consumption: float, numbers: Mapping[str, float]) -> Refusal | None:
    """Return why paste is refused: its consumption [t/t] and the rest by the keys of its section."""
    return _refusal(
        lambda: soderberg_anode_co2_t(
            1.0,
            paste_consumption=consumption,
            benzene_soluble_kg_per_t=numbers["benzene_soluble"],
            binder_percent=numbers["binder"],
            pitch_sulphur_percent=numbers["pitch_sulphur"],
            pitch_ash_percent=numbers["pitch_ash"],
            pitch_hydrogen_percent=numbers["pitch_hydrogen"],
            coke_sulphur_percent=numbers["coke_sulphur"],
            coke_ash_percent=numbers["coke_ash"],
            skimmed_dust_per_metal=numbers["skimmed_dust"],
        )
    )


def _anode(
    *, net_anode_consumption: float = 0.4, sulphur_percent: float = 0.0, ash_percent: float = 0.0
) -> Refusal | None:
    return _refusal(
        lambda: carbon.prebake_anode_co2_t(
            1.0,
            net_anode_consumption=net_anode_consumption,
            sulphur_percent=sulphur_percent,
            ash_percent=ash_percent,
        )
    )


def _refusal(formula: Callable[[], object]) -> Refusal | None:
    try:
        formula()
    except ValueError as exc:
        parts = _SENTENCE.fullmatch(str(exc))
        return (f"{parts[1]} {parts[2]}", parts[3]) if parts else (str(exc), "")
    return None
