"""How the work on a plant is divided between collectors: by potlines, without a word between them. Pure.

Each collector has its lines with their meters and pots; one of them has in addition what is no single line's. What a
line's account is made of is there in the line's collector, so it is the same as if one collector had all lines. What
stands on all lines together is stated by none that has not all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from collector.plant.elsewhere import Elsewhere
from collector.plant.limits import SPECIFIC, Limit
from collector.plant.meter import Broker, HeardMeter, Measures, Meter, PolledMeter
from collector.plant.topology import Plant


@dataclass(frozen=True, slots=True)
class Part:
    """What one collector looks after: some potlines, and the plant as a whole where it is ``shared``."""

    name: str
    potlines: tuple[str, ...]
    shared: bool = False


def divided(plant: Plant, part: Part) -> Plant:
    """Return the plant as the collector of one part sees it.

    A service that several lines share with fixed shares stands in the accounts of each of them, so the collector of
    each reads its meter. All others have one collector.

    Parameters
    ----------
    plant
        The whole plant.
    part
        Potlines that the plant has.

    Raises
    ------
    ValueError
        If a potline is not one of the plant's, or there is none.
    """
    known = {potline.id for potline in plant.potlines}
    if not part.potlines or not known.issuperset(part.potlines):
        raise ValueError(f"divide {plant.id} by {', '.join(part.potlines) or 'nothing'}: give potlines that it has")
    ours = tuple(potline for potline in plant.potlines if potline.id in part.potlines)
    others = tuple(potline for potline in plant.potlines if potline.id not in part.potlines)
    behind = {meter for potline in ours for meter in potline.group_dc}
    not_ours = {meter for potline in others for meter in potline.group_dc}
    kept = tuple(
        meter
        for meter in plant.meters
        if meter.id in behind or (meter.id not in not_ours and _is_ours(meter, part.potlines, shared=part.shared))
    )
    asked = {meter.endpoint.id for meter in kept if isinstance(meter, PolledMeter)}
    ids = {meter.id for meter in kept}
    region = plant.price_region
    return replace(
        plant,
        potlines=ours,
        meters=kept,
        endpoints=tuple(endpoint for endpoint in plant.endpoints if endpoint.id in asked),
        brokers=tuple(_session(broker, part) for broker in plant.brokers),
        limits=tuple(limit for limit in plant.limits if _holds(limit, part)),
        # The share that relieves a price follows from the plant's contracts, unless it is certified.
        price_region=region if part.shared or region is None or region.non_hydro_share is not None else None,
        elsewhere=Elsewhere(
            pots={potline.id: potline.pots for potline in others},
            addresses=frozenset(
                (meter.broker, meter.address)
                for meter in plant.meters
                if isinstance(meter, HeardMeter) and meter.id not in ids
            ),
            plant_wide=not part.shared,
            services_by_metal=bool(others) and any(_is_by_metal(meter) for meter in plant.meters),
        ),
    )


def collectors_of(meter: Meter, parts: Collection[Part]) -> tuple[str, ...]:
    """Return the names of the collectors that read a meter."""
    return tuple(part.name for part in parts if _is_ours(meter, part.potlines, shared=part.shared))


def _is_ours(meter: Meter, potlines: Collection[str], *, shared: bool) -> bool:
    if meter.potline is not None:
        return meter.potline in potlines
    if shared:
        return True
    if meter.measures is not Measures.AUXILIARY_AC or meter.allocation is None:
        return False
    return any(potline in potlines and share > 0 for potline, share in meter.allocation.shares)


def _is_by_metal(meter: Meter) -> bool:
    return meter.measures is Measures.AUXILIARY_AC and meter.allocation is not None and meter.allocation.is_by_metal


def _holds(limit: Limit, part: Part) -> bool:
    """Tell whether a limit is judged by a collector: one of all meters of a kind is, by each for its own."""
    if limit.potline:
        return limit.potline in part.potlines
    return part.shared or not (limit.stack or limit.unit == SPECIFIC)


def _session(broker: Broker, part: Part) -> Broker:
    """Return a broker with a session of this collector's own: two of one name would throw each other out."""
    client_id = f"{broker.client_id}-{part.name}"
    topic = broker.status_topic
    if topic:
        topic = topic.replace(broker.client_id, client_id) if broker.client_id in topic else f"{topic}/{part.name}"
    sparkplug = broker.sparkplug
    if sparkplug is not None and not part.shared:
        sparkplug = replace(sparkplug, primary=False)
    return replace(
        broker,
        client_id=client_id,
        status_topic=topic,
        share=f"{broker.share}-{part.name}" if broker.share else "",
        sparkplug=sparkplug,
    )
