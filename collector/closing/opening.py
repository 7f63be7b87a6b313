"""A closer as the settings want it: for the running collector, and for the command line beside it."""

import sqlite3
from dataclasses import replace

from collector.accounting.excursions import EffectRules
from collector.accounting.fingerprint import fingerprint
from collector.accounting.parameters import Conventions
from collector.accounting.production import PotWatch
from collector.closing import told
from collector.closing.closer import Closer
from collector.closing.limits import LimitCheck
from collector.closing.plant_closer import PlantCloser
from collector.instruments import Instruments
from collector.plant.rule_tables import SteppedPrice
from collector.settings import Configuration
from collector.store import inputs
from collector.store.store import Store


def conventions(configuration: Configuration) -> Conventions:
    """Return what was agreed for the accounts."""
    effects = configuration.anode_effects
    return Conventions(
        longest_gap_s=configuration.accounting.longest_gap_s,
        same_within_s=effects.same_within_s,
        precedence=effects.precedence,
    )


def rules_of_effects(configuration: Configuration) -> EffectRules:
    """Return how anode effects are found in voltages, and counted."""
    found = configuration.anode_effects
    return EffectRules(
        longest_gap_s=configuration.accounting.longest_gap_s,
        merging_gap_s=found.merging_gap_s,
        shortest_s=found.shortest_s,
        sensor_limit_v=found.sensor_limit_v,
        together=found.together,
        same_within_s=found.same_within_s,
        precedence=found.precedence,
    )


def as_told(configuration: Configuration, db: sqlite3.Connection) -> Configuration:
    """Return a configuration whose plant has the factors that were told, as the store has them."""
    return replace(configuration, plant=told.as_told(configuration.plant, inputs.factors_told(db)))


def closer(
    configuration: Configuration, store: Store, pots: PotWatch, instruments: Instruments, *, only: str = ""
) -> Closer:
    """Return a closer that has not opened its books yet, for all potlines or for one of them only."""
    accounting = configuration.accounting
    return Closer(
        configuration.plant,
        store,
        grace_s=accounting.grace_s,
        conventions=conventions(configuration),
        least_coverage_pct=accounting.least_coverage_pct,
        pots=pots,
        instruments=instruments,
        balances=configuration.balances,
        price=_price(configuration),
        only=only,
    )


def plant_closer(configuration: Configuration, store: Store, lines: Closer, instruments: Instruments) -> PlantCloser:
    """Return a closer of the plant as a whole that has not opened its books yet, for that of its potlines."""
    accounting = configuration.accounting
    return PlantCloser(
        configuration.plant,
        store,
        lines,
        longest_gap_s=accounting.longest_gap_s,
        least_coverage_pct=accounting.least_coverage_pct,
        instruments=instruments,
    )


def limit_check(configuration: Configuration, store: Store) -> LimitCheck:
    """Return what judges the plant's own limits."""
    accounting = configuration.accounting
    return LimitCheck(
        configuration.plant,
        store,
        longest_gap_s=accounting.longest_gap_s,
        least_coverage_pct=accounting.least_coverage_pct,
    )


def settings_of_accounts(configuration: Configuration) -> str:
    """Return the fingerprint that a closer of these settings has."""
    agreed = conventions(configuration), configuration.accounting.least_coverage_pct
    return fingerprint(configuration.plant, *agreed, configuration.balances, _price(configuration))


def _price(configuration: Configuration) -> SteppedPrice | None:
    """Return the rule of the plant's power price, as the rule file has it; None where there is none with steps."""
    region, rules = configuration.plant.price_region, configuration.rules
    return None if region is None or region.rule in rules.banded_prices else rules.stepped_prices[region.rule].value
