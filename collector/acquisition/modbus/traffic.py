"""What polling the meters of an endpoint asks of its line. Pure: meters in, figures out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.meter import Endpoint, PolledMeter
from collector.plant.profile import BIT_FUNCTIONS, BlockRules, Register
from collector.readings.quantity import Quantity

MOST_REQUESTS_PER_S = 50.0
"""More than most gateways and meters answer over one connection: 20 ms for each."""

MOST_SHARE = 0.7
"""A line that is busier has no time left to ask again, nor to wait for a meter that is silent."""

_BITS = 11  # of a character: start, eight of data, parity or a second stop, stop
_RTU_FRAMES = 8 + 5 + 7  # question, what frames an answer, two silences of three and a half characters
_ASCII_FRAMES = 17 + 11  # question, what frames an answer


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests in a second, and the share of the time in which the line is known to be busy with them."""

    requests_per_s: float
    share: float

    @property
    def is_too_much(self) -> bool:
        """True where the line cannot be expected to carry it."""
        return self.share > MOST_SHARE or self.requests_per_s > MOST_REQUESTS_PER_S


def traffic(endpoint: Endpoint, meters: Iterable[PolledMeter]) -> Traffic:
    """Return the load of an endpoint when each of its meters is polled at its period."""
    requests = busy = 0.0
    for meter in meters:
        pause_s = max(endpoint.pause_between_s, meter.profile.pause_between_s)
        for period_s, block in _requests(meter.registers, meter.rules, meter.every_s):
            requests += 1 / period_s
            busy += (pause_s + _on_line_s(endpoint, block)) / period_s
    return Traffic(requests, busy)


def come_together(meter: PolledMeter, *quantities: Quantity) -> bool:
    """Tell whether some quantities of a meter lie in one request."""
    return any(
        {register.quantity for register in block.registers}.issuperset(quantities)
        for _, block in _requests(meter.registers, meter.rules, meter.every_s)
    )


@lru_cache(maxsize=1024)
def _requests(
    registers: tuple[Register, ...], rules: BlockRules, every_s: float
) -> tuple[tuple[float, ReadBlock], ...]:
    """Return the requests of a meter, each with its period [s]. Many meters have the same ones."""
    return tuple(
        (period_s, block)
        for period_s, together in _periods(registers, rules, every_s)
        for block in plan_scan(together, rules)
    )


def _periods(
    registers: tuple[Register, ...], rules: BlockRules, every_s: float
) -> Iterator[tuple[float, tuple[Register, ...]]]:
    """Yield the registers by their period: an atomic group comes as often as the one of it that comes most often."""
    own = {register.name: max(every_s, register.every_s or every_s) for register in registers}
    for group in rules.atomic:
        inside = [name for name in group if name in own]
        own |= dict.fromkeys(inside, min((own[name] for name in inside), default=every_s))
    for period_s in sorted(set(own.values())):
        yield period_s, tuple(register for register in registers if own[register.name] == period_s)


def _on_line_s(endpoint: Endpoint, block: ReadBlock) -> float:
    """Return how long a request and its answer take on a serial line [s]; no time over the network."""
    if not endpoint.transport.is_serial:
        return 0.0
    data = (block.count + 7) // 8 if block.function in BIT_FUNCTIONS else 2 * block.count
    characters = _ASCII_FRAMES + 2 * data if endpoint.transport.is_ascii else _RTU_FRAMES + data
    return characters * _BITS / endpoint.baud
