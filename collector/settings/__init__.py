"""From files and environment to a frozen configuration, or to a list of everything that is wrong with them.

The only room that imports pydantic. ``load`` is its door: it opens no socket and changes nothing.
"""

from collector.settings.assignment import Choice
from collector.settings.configuration import (
    AccountingSettings,
    AnodeEffectSettings,
    Configuration,
    DeliveryTarget,
    InfluxKind,
    LogSettings,
    PageSettings,
    StoreSettings,
)
from collector.settings.load import load, store_path
from collector.settings.problems import ConfigurationError, Problem

__all__ = [
    "AccountingSettings",
    "AnodeEffectSettings",
    "Choice",
    "Configuration",
    "ConfigurationError",
    "DeliveryTarget",
    "InfluxKind",
    "LogSettings",
    "PageSettings",
    "Problem",
    "StoreSettings",
    "load",
    "store_path",
]
