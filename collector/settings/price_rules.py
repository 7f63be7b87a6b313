"""The tiered prices of power_price.toml."""

from pydantic import BaseModel

from collector.domain.levels import Indicator
from collector.domain.price import Bands, GreenRelief, Tier
from collector.plant.rule_tables import BandedPrice, Overdue, Sourced, SteppedPrice
from collector.settings import rule_models as rows
from collector.settings.problems import Problem
from collector.settings.toml_file import TomlFile
from collector.settings.validation import validated

_MODELS: dict[object, type[BaseModel]] = {"steps": rows.StepsSection, "bands": rows.BandsSection}


def prices(
    file: TomlFile, problems: list[Problem]
) -> tuple[dict[str, Sourced[SteppedPrice]], dict[str, Sourced[BandedPrice]]]:
    """Return the prices by steps and by bands that are well; ``problems`` takes up what is wrong with the others."""
    stepped: dict[str, Sourced[SteppedPrice]] = {}
    banded: dict[str, Sourced[BandedPrice]] = {}
    for id_, values in file.values.items():
        kind = values.get("kind") if isinstance(values, dict) else None
        model = _MODELS.get(kind) if isinstance(kind, str) else None
        if model is None:
            problems.append(file.problem((id_, "kind"), "says no kind of price", 'write kind = "steps" or "bands"'))
            continue
        section = validated(file, model, values, (id_,))
        if isinstance(section, list):
            problems += section
            continue
        try:
            if isinstance(section, rows.StepsSection):
                steps = _steps(section)
                stepped[id_] = Sourced(steps, section.source, section.verified, section.valid_from, section.valid_to)
            elif isinstance(section, rows.BandsSection):
                bands = _bands(section)
                banded[id_] = Sourced(bands, section.source, section.verified, section.valid_from, section.valid_to)
        except ValueError as exc:
            what, _, remedy = str(exc).partition(" Remedy: ")
            problems.append(file.problem((id_,), what.rstrip("."), remedy.rstrip(".")))
    return stepped, banded


def _steps(section: rows.StepsSection) -> SteppedPrice:
    days = [row.valid_from for row in section.tiers]
    if len(set(days)) < len(days):
        raise ValueError("two tiers begin on one day. Remedy: keep one of them.")
    relief, overdue = section.relief, section.overdue
    return SteppedPrice(
        indicator=Indicator(section.boundary),
        without_desulphurisation=section.without_desulphurisation,
        tiers=tuple(
            Tier(row.valid_from, row.threshold_kwh_per_t, row.step_kwh_per_t, row.cny_per_kwh_per_step)
            for row in section.tiers
        ),
        relief=None if relief is None else GreenRelief(relief.from_percent, relief.reduction_per_point),
        overdue=None if overdue is None else Overdue(overdue.grace_days, overdue.multiple),
    )


def _bands(section: rows.BandsSection) -> BandedPrice:
    bands = Bands(
        section.free_to_kwh_per_t,
        section.middle_to_kwh_per_t,
        section.middle_cny_per_kwh,
        section.top_cny_per_kwh,
    )
    return BandedPrice(Indicator(section.boundary), bands)
