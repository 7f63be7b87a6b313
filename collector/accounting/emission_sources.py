"""Which factors the emissions of a potline follow from, and how sure they are, by the methods it has chosen. Pure.

The formulas are those of the account (`direct_emissions`): each factor is put into the parameters, and the account
is asked what it makes of them. So a figure and its uncertainty cannot follow from two formulas.
"""

import msgspec

from collector.accounting.direct_emissions import anode_co2_t, perfluorocarbons
from collector.accounting.error_sources import Emission, Factor
from collector.accounting.parameters import Named, Parameters
from collector.accounting.sums import Sums
from collector.domain.anode_effect import pfc_co2e_t

EFFICIENCY = "current efficiency"
"""The name under which the metal has it, too: by overvoltage it cancels out of the gases."""


WITHOUT_SETTING = ("sulphur", "ash", "C2F6 per CF4", "time of", "overvoltage of")
"""What names begin with of factors that have no setting for their uncertainty: they count as exact."""


def of_named(name: str, told: Named) -> Factor:
    """Return a number of the parameters as a factor. A zero is as sure as it can be: any part of it is zero."""
    relative = told.relative_uncertainty
    if relative is None:
        return Factor(name, told.value, None if told.value else 0.0)
    return Factor(name, told.value, told.value * relative)


def anodes_of(parameters: Parameters) -> Emission:
    """Return the CO2 of the anodes as a formula of the metal and of the factors that the line's method takes."""
    default, paste, consumption = parameters.anode_default, parameters.paste, parameters.net_anode_consumption

    def by_default(metal_t: float, co2_per_metal: float) -> float:
        named = Named(co2_per_metal, "")
        return anode_co2_t(metal_t, msgspec.structs.replace(parameters, anode_default=named))

    def by_paste(metal_t: float, consumption: float) -> float:
        moved = None if paste is None else msgspec.structs.replace(paste, consumption=Named(consumption, ""))
        return anode_co2_t(metal_t, msgspec.structs.replace(parameters, paste=moved))

    def by_consumption(metal_t: float, consumption: float, sulphur: float, ash: float) -> float:
        moved = msgspec.structs.replace(
            parameters,
            net_anode_consumption=Named(consumption, ""),
            anode_sulphur_pct=sulphur,
            anode_ash_pct=ash,
        )
        return anode_co2_t(metal_t, moved)

    if default is not None:
        return Emission(by_default, {"co2_per_metal": of_named("default of the anodes", default)})
    if paste is not None:
        return Emission(by_paste, {"consumption": of_named("paste consumption", paste.consumption)})
    factors = {
        "sulphur": Factor("sulphur of the anodes", parameters.anode_sulphur_pct, None),
        "ash": Factor("ash of the anodes", parameters.anode_ash_pct, None),
    }
    if consumption is not None:
        factors["consumption"] = of_named("net anode consumption", consumption)
    return Emission(by_consumption, factors)


def gases_of(sums: Sums, parameters: Parameters) -> Emission:
    """Return the perfluorocarbons [t CO2e] as a formula of the metal and of the factors of the line's method."""
    low, over, defaults = parameters.low_voltage, parameters.overvoltage, parameters.gas_defaults
    factors: dict[str, Factor] = {}
    if low is not None:
        factors["low_voltage"] = of_named("low-voltage CF4", low)
    if defaults is not None:
        factors |= {"cf4": of_named("default of CF4", defaults[0]), "c2f6": of_named("default of C2F6", defaults[1])}
    else:
        factors["c2f6_per_cf4"] = Factor("C2F6 per CF4", parameters.c2f6_per_cf4, None)
    if over is not None:
        efficiency = parameters.current_efficiency
        factors["coefficient"] = of_named("overvoltage coefficient", over)
        factors["efficiency"] = of_named(EFFICIENCY, efficiency)
        factors["overvoltage"] = Factor("overvoltage of anode effects", sums.paired_overvoltage_v_s, None)
    elif defaults is None:
        relative = parameters.slope_relative_uncertainty
        standard = None if relative is None else parameters.slope * relative
        factors["slope"] = Factor("slope", parameters.slope, standard)
        factors["ae_seconds"] = Factor("time of anode effects", sums.paired_anode_effect_s, None)

    def gases(metal_t: float, **moved: float) -> float:
        found = perfluorocarbons(_sums(sums, moved), _parameters(parameters, moved), metal_t=metal_t)
        return pfc_co2e_t(found.cf4_kg, found.c2f6_kg, gwp_cf4=parameters.gwp_cf4, gwp_c2f6=parameters.gwp_c2f6)

    return Emission(gases, factors)


def _sums(sums: Sums, moved: dict[str, float]) -> Sums:
    return msgspec.structs.replace(
        sums,
        paired_anode_effect_s=moved.get("ae_seconds", sums.paired_anode_effect_s),
        paired_overvoltage_v_s=moved.get("overvoltage", sums.paired_overvoltage_v_s),
    )


def _parameters(parameters: Parameters, moved: dict[str, float]) -> Parameters:
    found = msgspec.structs.replace(
        parameters,
        slope=moved.get("slope", parameters.slope),
        c2f6_per_cf4=moved.get("c2f6_per_cf4", parameters.c2f6_per_cf4),
    )
    low = parameters.low_voltage
    if low is not None:
        found = msgspec.structs.replace(found, low_voltage=Named(moved["low_voltage"], low.source))
    if parameters.gas_defaults is not None:
        found = msgspec.structs.replace(found, gas_defaults=(Named(moved["cf4"], ""), Named(moved["c2f6"], "")))
    if parameters.overvoltage is not None:
        found = msgspec.structs.replace(
            found,
            overvoltage=Named(moved["coefficient"], ""),
            current_efficiency=Named(moved["efficiency"], ""),
        )
    return found
