"""What a scan found, for people, and as sections to be pasted into the plant file. Pure."""

from collections.abc import Iterator, Sequence

from collector.acquisition.modbus.fit import CERTAIN
from collector.acquisition.modbus.scan import Unit
from collector.commands.invocation import wrapped
from collector.commands.looks import called
from collector.plant.meter import Endpoint

_MOST_REASONS = 6
_DEFAULT_PORTS = {"modbus_tcp": 502, "modbus_tls": 802}


def lines(unit: Unit, width: int) -> Iterator[str]:
    """Yield one unit for a terminal of so many columns."""
    yield f"unit {unit.id}"
    yield from wrapped(f"calls itself: {called(unit.told)}" if unit.told else "does not identify itself (43/14)", width)
    if unit.note:
        yield from wrapped(f"note: {unit.note}", width)
    if not unit.fits:
        yield from wrapped("no profile fits: potline read --raw shows its registers in every order", width)
    for fit in unit.fits:
        yield from wrapped(f"{fit.words:<8}  {fit.profile.name}: {fit.profile.title}", width, after=12)
        reasons = "; ".join(fit.reasons[:_MOST_REASONS])
        yield from wrapped(reasons, width, indent=12, after=12)


def document(endpoint: Endpoint, units: Sequence[Unit], notes: Sequence[str]) -> dict[str, object]:
    """Return what a scan found for programs; ``plant_file`` is the text to be pasted there."""
    return {
        "place": endpoint.place,
        "transport": endpoint.transport.value,
        "units": [
            {
                "unit": unit.id,
                "device": {str(number): text for number, text in unit.told.items()},
                "note": unit.note or None,
                "profiles": [
                    {"name": fit.profile.name, "title": fit.profile.title, "fits": fit.words, "reasons": fit.reasons}
                    for fit in unit.fits
                ],
            }
            for unit in units
        ],
        "notes": list(notes),
        "plant_file": "\n".join(sections(endpoint, units)),
    }


def sections(endpoint: Endpoint, units: Sequence[Unit]) -> Iterator[str]:
    """Yield the sections of a plant file that read what was found."""
    known = [unit for unit in units if unit.fits]
    if not known:
        return
    yield f"[endpoints.{endpoint.id}]"
    yield f'transport = "{endpoint.transport.value}"'
    if endpoint.transport.is_serial:
        yield f'device = "{endpoint.device}"'
        yield f"baud = {endpoint.baud}"
        yield f'parity = "{endpoint.parity}"'
        yield f"stop_bits = {endpoint.stop_bits}"
    else:
        yield f'host = "{endpoint.host}"'
        if endpoint.port != _DEFAULT_PORTS.get(endpoint.transport.value):
            yield f"port = {endpoint.port}"
    for unit in known:
        best = unit.fits[0]
        others = ", ".join(fit.profile.name for fit in unit.fits[1:] if best.words != CERTAIN)
        constants = [each.name for each in best.profile.constants if each.default is None]
        yield ""
        yield f"[meters.{endpoint.id}_{unit.id}]"
        yield "# 'monitored' is in no account: write what it measures, with 'potline' and 'rated_power'"
        yield 'measures = "monitored"'
        yield f'profile = "{best.profile.name}"' + (f"  # {best.words}; or {others}" if others else f"  # {best.words}")
        yield f'endpoint = "{endpoint.id}"'
        yield f"unit = {unit.id}"
        yield 'every = "5s"'
        if constants:
            yield "# the profile needs these: write the ratios of this meter"
            yield f"constants = {{ {', '.join(f'{name} = 1.0' for name in constants)} }}"
