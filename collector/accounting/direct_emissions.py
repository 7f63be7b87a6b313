"""CO2 of a potline's anodes and its perfluorocarbons, by the methods that its parameters name. Pure.

Each formula stands in `collector.domain`; here is only which of them a line takes.

Invariants
----------
* A line has one method for its gases. By overvoltage, an anode effect of which nobody told the overvoltage makes the
  sum a lower bound, and that is said; it is never taken as zero.
* Low-voltage emissions are added only where the plant gives its own factor; no factor is assumed.
"""

from dataclasses import dataclass

from collector.accounting.parameters import Parameters
from collector.accounting.sums import Sums
from collector.domain import anode_effect, carbon, pfc
from collector.domain.anode_effect_rate import anode_effect_overvoltage_mv
from collector.domain.pfc_account import LowVoltageFactor, PfcMethod, PfcOfLine, with_low_voltage
from collector.domain.soderberg import soderberg_anode_co2_t

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Gases:
    """Perfluorocarbons of a line and interval [kg], low voltage apart. ``is_whole`` is false for a lower bound."""

    of_line: PfcOfLine
    is_whole: bool = True

    @property
    def cf4_kg(self) -> float:
        """CF4 above and below the threshold of anode effects [kg]."""
        return self.of_line.cf4_kg + (self.of_line.low_voltage_cf4_kg or 0.0)

    @property
    def c2f6_kg(self) -> float:
        """C2F6 [kg]."""
        return self.of_line.c2f6_kg


def anode_co2_t(metal_t: float, parameters: Parameters) -> float:
    """Return the CO2 of the anodes by the line's method [t CO2].

    Raises
    ------
    ValueError
        If an input is outside the range of its formula, or the parameters name no way to the carbon.
    """
    if parameters.anode_default is not None:
        return carbon.tier1_anode_co2_t(metal_t, co2_per_metal=parameters.anode_default.value)
    paste = parameters.paste
    if paste is not None:
        return soderberg_anode_co2_t(
            metal_t,
            paste_consumption=paste.consumption.value,
            benzene_soluble_kg_per_t=paste.benzene_soluble_kg_per_t,
            binder_percent=paste.binder_percent,
            pitch_sulphur_percent=paste.pitch_sulphur_percent,
            pitch_ash_percent=paste.pitch_ash_percent,
            pitch_hydrogen_percent=paste.pitch_hydrogen_percent,
            coke_sulphur_percent=paste.coke_sulphur_percent,
            coke_ash_percent=paste.coke_ash_percent,
            skimmed_dust_per_metal=paste.skimmed_dust_per_metal,
        )
    consumption = parameters.net_anode_consumption
    if consumption is None:
        what = f"reckon the anodes of {parameters.potline}: neither consumption, nor paste, nor default is given"
        raise ValueError(f"{what}; add net_anode_consumption to the potline")
    return carbon.prebake_anode_co2_t(
        metal_t,
        net_anode_consumption=consumption.value,
        sulphur_percent=parameters.anode_sulphur_pct,
        ash_percent=parameters.anode_ash_pct,
    )


def perfluorocarbons(sums: Sums, parameters: Parameters, *, metal_t: float) -> Gases:
    """Return the perfluorocarbons of an interval by the line's method, for its metal [t]."""
    found = _above_threshold(sums, parameters, metal_t)
    low = parameters.low_voltage
    if low is None:
        return found
    factor = LowVoltageFactor(low.value, parameters.low_voltage_added_to, low.source)
    return Gases(with_low_voltage(found.of_line, metal_t=metal_t, factor=factor), found.is_whole)


def _above_threshold(sums: Sums, parameters: Parameters, metal_t: float) -> Gases:
    line, edition, defaults = parameters.potline, parameters.method, parameters.gas_defaults
    if defaults is not None:
        cf4, c2f6 = (pfc.default_gas_kg(metal_t, gas_kg_per_t=gas.value) for gas in defaults)
        return Gases(PfcOfLine(line, PfcMethod.DEFAULT_FACTOR, edition, cf4, c2f6))
    method = PfcMethod.SLOPE if parameters.overvoltage is None else PfcMethod.OVERVOLTAGE
    if not sums.paired_cell_days > 0:
        return Gases(PfcOfLine(line, method, edition, 0.0, 0.0))
    if parameters.overvoltage is None:
        minutes = anode_effect.anode_effect_minutes_per_cell_day(sums.paired_anode_effect_s, sums.paired_cell_days)
        cf4 = anode_effect.slope_cf4_kg(metal_t, ae_minutes_per_cell_day=minutes, slope=parameters.slope)
    else:
        data_s = sums.paired_cell_days * _DAY_S
        cf4 = anode_effect.overvoltage_cf4_kg(
            metal_t,
            overvoltage_mv=anode_effect_overvoltage_mv(sums.paired_overvoltage_v_s, data_seconds=data_s),
            overvoltage_coefficient=parameters.overvoltage.value,
            current_efficiency_percent=100 * parameters.current_efficiency.value,
        )
    c2f6 = anode_effect.ratio_c2f6_kg(cf4, c2f6_per_cf4=parameters.c2f6_per_cf4)
    return Gases(PfcOfLine(line, method, edition, cf4, c2f6), is_whole=not sums.paired_untold_overvoltage_s > 0)
