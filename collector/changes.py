"""What differs between two configurations: what is stopped, started and left alone while the collector runs. Pure.

A source goes on untouched unless something changed that its connection, or what it asks for, depends on. What is booked
where is the line's business: it is made anew from the store whenever anything of that changed.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields, replace

from collector.plant.accuracy import Accuracy
from collector.plant.meter import Broker, HeardMeter, Measures, PolledMeter
from collector.plant.topology import Plant
from collector.settings import Configuration

RESTART = "'systemctl restart potline', or stop it and start 'potline run' again"


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs, by name.

    Attributes
    ----------
    refused
        What cannot be changed while running, each with the remedy. Nothing at all may be changed then.
    started, stopped, reread
        Names of sources: those that begin (also again), those that end (also to begin again), and brokers whose
        connection and session go on with another reader of their messages.
    delivered, ended
        Names of databases: those that begin (also again), and those that end (also to begin again).
    line
        Whether the line has to be made anew.
    log
        Whether form or level of the log changed.
    added, changed, removed
        In words, for people, in the order of the settings.
    """

    refused: tuple[str, ...] = ()
    started: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    reread: frozenset[str] = frozenset()
    delivered: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    line: bool = False
    log: bool = False
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def is_something(self) -> bool:
        """Whether anything differs."""
        return bool(self.refused or self.added or self.changed or self.removed)


def changes(old: Configuration, new: Configuration) -> Changes:
    """Return what differs between the configuration that runs and another one."""
    refused = _refused(old, new)
    if refused:
        return Changes(refused=refused)
    before, after = _sources(old), _sources(new)
    stopped, started = _differing(before, after)
    # What such a broker has told and is not on disk yet would be taken for registers of the meter that is polled now.
    polled = {meter.id for meter in new.plant.polled_meters}
    moved = {f"mqtt:{meter.broker}" for meter in old.plant.heard_meters if meter.id in polled}
    stopped, started = stopped | moved, started | (moved & after.keys())
    kept = before.keys() & after.keys() - stopped
    targets = {each.name: each for each in old.targets}, {each.name: each for each in new.targets}
    ended, delivered = _differing(*targets)
    named = _named(old), _named(new)
    return Changes(
        started=started,
        stopped=stopped,
        reread=frozenset(name for name in kept if name in _brokers(new) and _reading(old, name) != _reading(new, name)),
        delivered=delivered,
        ended=ended,
        line=any(getattr(old, each.name) != getattr(new, each.name) for each in fields(old) if each.name != "log"),
        log=old.log != new.log,
        added=tuple(name for name in named[1] if name not in named[0]),
        changed=(
            *(name for name in named[1] if name in named[0] and named[0][name] != named[1][name]),
            *_sections(old, new),
        ),
        removed=tuple(name for name in named[0] if name not in named[1]),
    )


def _refused(old: Configuration, new: Configuration) -> tuple[str, ...]:
    found = []
    for key, was, wanted in (
        ("[store] path", old.store.path, new.store.path),
        ("[page] listen", (old.page.host, old.page.port), (new.page.host, new.page.port)),
        ("[page] token_file", old.page.token_file, new.page.token_file),
        ("[page] certificate_file", old.page.certificate, new.page.certificate),
        ("[plant] id", old.plant.id, new.plant.id),
    ):
        if was != wanted:
            said = (f"{each[0]}:{each[1]}" if isinstance(each, tuple) else f"{each}" for each in (was, wanted))
            found.append(f"{key}: cannot change from {' to '.join(said)} while the collector runs; {RESTART}")
    return tuple(found)


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that end, and those that begin; what has changed does both."""
    same = {name for name in before.keys() & after.keys() if before[name] == after[name]}
    return frozenset(before.keys() - same), frozenset(after.keys() - same)


def _brokers(configuration: Configuration) -> dict[str, Broker]:
    return {f"mqtt:{broker.id}": broker for broker in configuration.plant.brokers}


def _sources(configuration: Configuration) -> dict[str, object]:
    """Return by the name of each source what its connection, and for a poller what is polled, depends on."""
    plant = configuration.plant
    behind: dict[str, list[PolledMeter]] = {}
    for meter in plant.polled_meters:
        behind.setdefault(meter.endpoint.id, []).append(_as_polled(meter))
    found: dict[str, object] = {
        f"modbus:{endpoint.id}": (endpoint, behind[endpoint.id])
        for endpoint in plant.endpoints
        if endpoint.id in behind
    }
    for name, broker in _brokers(configuration).items():
        found[name] = replace(broker, layouts=(), site="", qos=0)
    return found


def _as_polled(meter: PolledMeter) -> PolledMeter:
    """Return a meter without what only the accounts know of it."""
    return replace(
        meter,
        measures=Measures.MONITORED,
        potline=None,
        rated_power_kw=0.0,
        accuracy=Accuracy(),
        stack="",
        conditions=None,
        technology=None,
        allocation=None,
    )


def _reading(configuration: Configuration, name: str) -> object:
    """Return what the reader of a broker's messages depends on."""
    plant = configuration.plant
    broker = _brokers(configuration)[name]
    zone = plant.time_zone.key, plant.shifts, plant.day_starts_min
    age_s = configuration.accounting.longest_tare_age_s
    return broker, plant.layouts_of(broker), _heard(plant, broker), _pots(plant), plant.elsewhere, zone, age_s


def _heard(plant: Plant, broker: Broker) -> list[HeardMeter]:
    return [meter for meter in plant.heard_meters if meter.broker == broker.id]


def _pots(plant: Plant) -> Hashable:
    return tuple((potline.id, potline.pots) for potline in plant.potlines)


def _named(configuration: Configuration) -> dict[str, object]:
    """Return everything in the settings that has a name of its own, as people call it."""
    plant = configuration.plant
    kinds: tuple[tuple[str, Iterable[tuple[str, object]]], ...] = (
        ("potline", ((each.id, each) for each in plant.potlines)),
        ("endpoint", ((each.id, each) for each in plant.endpoints)),
        ("broker", ((each.id, each) for each in plant.brokers)),
        ("layout", ((each.name, each) for each in plant.layouts)),
        # An endpoint that changed is named once, and not again with each meter behind it.
        ("meter", ((each.id, _without_endpoint(each)) for each in plant.meters)),
        ("limit", ((each.name, each) for each in plant.limits)),
        ("database", ((each.name, each) for each in configuration.targets)),
    )
    return {f"{kind} {name}": each for kind, named in kinds for name, each in named}


def _without_endpoint(meter: object) -> object:
    if not isinstance(meter, PolledMeter):
        return meter
    return meter.endpoint.id, replace(meter, endpoint=replace(meter.endpoint, host="", port=0))


def _sections(old: Configuration, new: Configuration) -> Iterable[str]:
    """Yield what else differs: sections of the settings, and what of the plant has no name of its own."""
    for section in ("store", "accounting", "anode_effects", "log", "rules", "balances", "alerts", "alert_topic"):
        if getattr(old, section) != getattr(new, section):
            yield f"settings of {section.replace('_', ' ')}"
    listed = {"potlines", "endpoints", "brokers", "layouts", "meters", "limits"}
    for each in fields(Plant):
        counts = each.init and each.compare and each.name not in listed
        if counts and getattr(old.plant, each.name) != getattr(new.plant, each.name):
            yield f"plant's {each.name.replace('_', ' ')}"
