"""What adds up: energies, metal and emissions of some minutes of a potline. Pure.

Sums of minutes make hours, hours make days, days make months, always with ``math.fsum``: the result is the exactly
rounded sum of its parts, so it is the same to the bit whatever the order and whatever the version of Python. Ratios are
made of sums, at the end.
"""

from collections.abc import Iterable
from math import fsum

import msgspec

WORST_OF_NOTHING = 0xC0


class Pair(msgspec.Struct, frozen=True, omit_defaults=True):
    """Energy and metal of the same whole minutes. ``minutes`` of them; coverage in seconds; worst quality.

    Numerator and denominator of a ratio must speak of the same time: only minutes for which both are known to their
    full length enter a pair. ``estimated_kwh`` is the part of the energy that was bridged over gaps.
    """

    minutes: int = 0
    energy_kwh: float = 0.0
    metal_t: float = 0.0
    covered_s: float = 0.0
    estimated_s: float = 0.0
    estimated_kwh: float = 0.0
    quality: int = WORST_OF_NOTHING


class MeterSum(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one meter contributed to a potline's energy: all of it, and the part bridged over gaps [kWh].

    ``minutes``: of a meter that is in no pair, the whole minutes in which it was known; 0 of all others.
    """

    kwh: float = 0.0
    estimated_kwh: float = 0.0
    minutes: int = 0


class Sums(msgspec.Struct, frozen=True, omit_defaults=True):
    """Additive amounts of one potline over some minutes.

    ``dc_kwh``, ``ac_kwh`` (into the rectifiers), ``auxiliary_kwh``, ``charge_kah`` and ``metal_t`` (Faraday) are all
    that is known; the pairs hold what may be divided: ``dc``, ``liquid_ac`` and ``comprehensive`` (rectifiers and
    services of the potroom). ``startup_kwh`` (pots that are baked or started) and ``idle_busbar_kwh`` are parts of
    ``ac_kwh`` and not in ``liquid_ac``; ``line_loss_kwh`` is lost before the meters, and in ``comprehensive``.
    ``cell_days`` counts pots in operation; ``anode_effect_s`` the whole duration of the
    anode effects that began here, ``overvoltage_v_s`` the voltage above normal during them, ``lvae_s`` the duration of
    low-voltage ones, which have no part in the slope method. Of new pots in start-up, where the rule leaves them out,
    effects are in ``startup_effects`` and ``startup_effect_s`` instead; their cell-days are in ``cell_days``, and once
    more in ``startup_cell_days``, to be taken off where a frequency is made.

    Emissions belong to the minutes of the ``comprehensive`` pair: CO2 of anodes and electricity [t], and the
    anode-effect seconds and cell-days from which the perfluorocarbons follow; for lines that reckon by overvoltage, the
    overvoltage too, and the seconds of anode effects of which nobody told it; ``electricity_withheld`` of these minutes
    have no factor of electricity, and none may stand in for it. ``pots_kwh`` is the energy of the pots by
    their own voltages, in the ``pots_minutes`` in which they were heard, with the DC energy of the same minutes.
    """

    minutes: int = 0
    pots: int = 0
    dc_kwh: float = 0.0
    ac_kwh: float = 0.0
    auxiliary_kwh: float = 0.0
    startup_kwh: float = 0.0
    idle_busbar_kwh: float = 0.0
    line_loss_kwh: float = 0.0
    charge_kah: float = 0.0
    metal_t: float = 0.0
    tapped_t: float = 0.0
    cell_days: float = 0.0
    anode_effects: int = 0
    anode_effect_s: float = 0.0
    overvoltage_v_s: float = 0.0
    lvae_s: float = 0.0
    dc: Pair = Pair()
    liquid_ac: Pair = Pair()
    comprehensive: Pair = Pair()
    anode_t_co2: float = 0.0
    electricity_t_co2: float = 0.0
    paired_anode_effect_s: float = 0.0
    paired_cell_days: float = 0.0
    paired_overvoltage_v_s: float = 0.0
    paired_untold_overvoltage_s: float = 0.0
    pots_minutes: int = 0
    pots_kwh: float = 0.0
    pots_dc_kwh: float = 0.0
    meters: dict[str, MeterSum] = {}
    restated: int = 0
    electricity_withheld: int = 0
    startup_cell_days: float = 0.0
    startup_effects: int = 0
    startup_effect_s: float = 0.0


_FLOATS = tuple(field.name for field in msgspec.structs.fields(Sums) if field.type is float)
_COUNTS = ("minutes", "anode_effects", "pots_minutes", "restated", "electricity_withheld", "startup_effects")
_PAIRS = ("dc", "liquid_ac", "comprehensive")


def total(sums: Iterable[Sums]) -> Sums:
    """Add up. ``pots`` is the most of the parts; ``restated`` counts minutes that were stated again."""
    parts = list(sums)
    if not parts:
        return Sums()
    if len(parts) == 1:
        return parts[0]
    found: dict[str, object] = {name: fsum([getattr(part, name) for part in parts]) for name in _FLOATS}
    found |= {name: sum([getattr(part, name) for part in parts]) for name in _COUNTS}
    found |= {name: _pair([getattr(part, name) for part in parts]) for name in _PAIRS}
    meters: dict[str, list[MeterSum]] = {}
    for part in parts:
        for meter, amount in part.meters.items():
            meters.setdefault(meter, []).append(amount)
    return msgspec.convert(
        found
        | {
            "pots": max(part.pots for part in parts),
            "meters": {
                meter: MeterSum(
                    fsum([a.kwh for a in amounts]),
                    fsum([a.estimated_kwh for a in amounts]),
                    sum([a.minutes for a in amounts]),
                )
                for meter, amounts in sorted(meters.items())
            },
        },
        Sums,
    )


def _pair(pairs: list[Pair]) -> Pair:
    pairs = [pair for pair in pairs if pair.minutes]
    if not pairs:
        return Pair()
    return Pair(
        minutes=sum([pair.minutes for pair in pairs]),
        energy_kwh=fsum([pair.energy_kwh for pair in pairs]),
        metal_t=fsum([pair.metal_t for pair in pairs]),
        covered_s=fsum([pair.covered_s for pair in pairs]),
        estimated_s=fsum([pair.estimated_s for pair in pairs]),
        estimated_kwh=fsum([pair.estimated_kwh for pair in pairs]),
        quality=min([pair.quality for pair in pairs]),
    )
