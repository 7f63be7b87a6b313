"""What a potline used, made and emitted in a minute: inputs and parameters in, sums out. Pure.

The same function serves the live line, a late correction, a restatement with new factors, and the check of the ledger.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum

import msgspec

from collector.accounting.direct_emissions import anode_co2_t
from collector.accounting.integrals import Amount
from collector.accounting.parameters import Parameters, Role
from collector.accounting.sums import WORST_OF_NOTHING, MeterSum, Pair, Sums
from collector.domain import electrolysis
from collector.domain.electricity import location_based_co2_t
from collector.readings.cell import MINUTE_NS
from collector.readings.pots import PotsInputs

DAY_S = 86400.0
_MINUTE_S = MINUTE_NS * 1e-9
WHOLE = 0.99
"""A minute is whole when this share of it is known; the rest is the millisecond between a reading and the boundary."""


@dataclass(frozen=True, slots=True)
class Effect:
    """An anode effect that began in the minute: its duration [s] and voltage above normal [V s], as far as known."""

    duration_s: float
    overvoltage_v_s: float = 0.0
    low_voltage: bool = False


@dataclass(frozen=True, slots=True)
class StartupEffect(Effect):
    """One of a pot in start-up. A class of its own: so digests of inputs without any stay as they always were."""

    in_startup: bool = True


@dataclass(frozen=True, slots=True)
class MinuteInputs:
    """What was measured in one minute of a potline.

    ``energy_kwh`` is by meter; ``charge_kah`` None where the line has no meter.
    """

    start_ns: int
    charge_kah: Amount | None
    energy_kwh: Mapping[str, Amount]
    pots: PotsInputs
    effects: tuple[Effect, ...] = ()
    tapped_kg: tuple[float, ...] = ()

    def digest(self) -> str:
        """Return the first 16 hexadecimal digits of a digest over all of it: the same inputs give the same digits."""
        return hashlib.blake2b(msgspec.msgpack.encode(self), digest_size=8).hexdigest()


def account_minute(inputs: MinuteInputs, parameters: Parameters, *, restated: bool) -> Sums:
    """Return the sums of one minute. ``restated``: whether this minute was stated before."""
    pots = inputs.pots.operating
    cell_days = pots * MINUTE_NS * 1e-9 / DAY_S
    in_startup = sum(startup.holds(inputs.start_ns) for startup in parameters.wanted.startups)
    startup_cell_days = min(pots, in_startup) * MINUTE_NS * 1e-9 / DAY_S
    started = [effect for effect in inputs.effects if isinstance(effect, StartupEffect) and not effect.low_voltage]
    high = [e for e in inputs.effects if not isinstance(e, StartupEffect) and not e.low_voltage]
    charge = inputs.charge_kah
    # A current transducer shows a little below zero when the line stands; pots do not run backwards.
    charge_kah = max(0.0, charge.amount) if charge else 0.0
    metal_t = electrolysis.faraday_metal_t(
        charge_kah, current_efficiency=parameters.current_efficiency.value, pots=pots
    )
    meters: dict[str, MeterSum] = {}
    amounts: dict[Role, list[Amount]] = {role: [] for role in Role}
    energies: dict[Role, list[float]] = {role: [] for role in Role}
    for place in parameters.wanted.meters:
        amount = inputs.energy_kwh[place.meter]
        kwh = amount.amount * place.share
        estimated_kwh = 0.0
        if amount.estimated_s > 0:
            estimated_kwh = kwh * amount.estimated_s / (amount.covered_s + amount.estimated_s)
        if place.role is Role.DC:
            kwh, estimated_kwh = max(0.0, kwh), max(0.0, estimated_kwh)
        amounts[place.role].append(amount)
        energies[place.role].append(kwh)
        known = int(_is_whole(amount)) if place.role is Role.GROUP_DC else 0
        meters[place.meter] = MeterSum(kwh, estimated_kwh, known)
    dc_kwh, ac_kwh, auxiliary_kwh, startup_kwh = (
        fsum(energies[role]) for role in (Role.DC, Role.RECTIFIER, Role.AUXILIARY, Role.STARTUP)
    )
    direct, rectifiers, services = amounts[Role.DC], amounts[Role.RECTIFIER], amounts[Role.AUXILIARY]
    starting = amounts[Role.STARTUP]
    # Of single minutes a part may pass the whole, where counters step: only sums over more time are divided.
    idle_kwh = ac_kwh * parameters.idle_busbars.value if parameters.idle_busbars else 0.0
    lost_kwh = (ac_kwh + auxiliary_kwh) * parameters.line_losses.value if parameters.line_losses else 0.0
    dc = liquid_ac = comprehensive = Pair()
    anode = electricity = paired_effects_s = paired_cell_days = paired_overvoltage = untold_s = 0.0
    effects_s = fsum(effect.duration_s for effect in high)
    if charge and direct:
        dc = _pair(dc_kwh, metal_t, (*direct, charge))
    if charge and rectifiers:
        liquid_ac = _pair(ac_kwh - startup_kwh - idle_kwh, metal_t, (*rectifiers, *starting, charge))
        comprehensive = _pair(ac_kwh + auxiliary_kwh + lost_kwh, metal_t, (*rectifiers, *services, charge))
    if comprehensive.minutes:
        anode = anode_co2_t(metal_t, parameters)
        if not parameters.grid_withheld:
            electricity = location_based_co2_t(comprehensive.energy_kwh, grid_factor=parameters.grid.value)
        paired_effects_s, paired_cell_days = effects_s, cell_days - startup_cell_days
        if parameters.overvoltage is not None:
            # Above the threshold a pot has overvoltage: an effect without it is one of which nobody told it.
            paired_overvoltage = fsum(effect.overvoltage_v_s for effect in high if effect.overvoltage_v_s > 0)
            untold_s = fsum(effect.duration_s for effect in high if not effect.overvoltage_v_s > 0)
    heard = inputs.pots.kwh is not None and dc.minutes > 0
    return Sums(
        minutes=1,
        pots=pots,
        dc_kwh=dc_kwh,
        ac_kwh=ac_kwh,
        auxiliary_kwh=auxiliary_kwh,
        startup_kwh=startup_kwh,
        idle_busbar_kwh=idle_kwh,
        line_loss_kwh=lost_kwh,
        charge_kah=charge_kah,
        metal_t=metal_t,
        tapped_t=fsum(inputs.tapped_kg) / 1000,
        cell_days=cell_days,
        anode_effects=len(high),
        anode_effect_s=effects_s,
        overvoltage_v_s=fsum(effect.overvoltage_v_s for effect in high),
        lvae_s=fsum(effect.duration_s for effect in inputs.effects if effect.low_voltage),
        dc=dc,
        liquid_ac=liquid_ac,
        comprehensive=comprehensive,
        anode_t_co2=anode,
        electricity_t_co2=electricity,
        paired_anode_effect_s=paired_effects_s,
        paired_cell_days=paired_cell_days,
        paired_overvoltage_v_s=paired_overvoltage,
        paired_untold_overvoltage_s=untold_s,
        pots_minutes=int(heard),
        pots_kwh=inputs.pots.kwh or 0.0 if heard else 0.0,
        pots_dc_kwh=dc_kwh if heard else 0.0,
        meters=meters,
        restated=int(restated),
        electricity_withheld=int(parameters.grid_withheld and comprehensive.minutes > 0),
        startup_cell_days=startup_cell_days,
        startup_effects=len(started),
        startup_effect_s=fsum(effect.duration_s for effect in started),
    )


def _is_whole(amount: Amount) -> bool:
    return amount.covered_s + amount.estimated_s >= WHOLE * _MINUTE_S


def _pair(energy_kwh: float, metal_t: float, amounts: tuple[Amount, ...]) -> Pair:
    covered_s, estimated_s, quality = _MINUTE_S, 0.0, WORST_OF_NOTHING
    for amount in amounts:
        if not _is_whole(amount):
            return Pair()
        covered_s = min(covered_s, amount.covered_s)
        estimated_s = max(estimated_s, amount.estimated_s)
        quality = min(quality, amount.quality)
    return Pair(
        minutes=1,
        energy_kwh=energy_kwh,
        metal_t=metal_t,
        covered_s=covered_s,
        estimated_s=estimated_s,
        estimated_kwh=energy_kwh * min(1.0, estimated_s / _MINUTE_S),
        quality=quality,
    )
