"""The choices at the top of the dashboards. Their names are the same everywhere, so that links keep them."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders.dashboard import CustomVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableHide, VariableOption, VariableRefresh, VariableSort

from influxql import source

WINDOWS: Final = ("minute", "hour", "shift", "day", "month")
"""Windows that follow one another. Rolling ones overlap: they are looked at one by one and never added up."""

BOUNDARIES: Final = ("dc", "liquid_ac", "liquid_comprehensive_ac", "ingot_comprehensive_ac")
OF_A_POTLINE: Final = BOUNDARIES[:3]
"""Ingots are of the plant as a whole."""


def plant() -> QueryVariable:
    """Return the choice of one plant."""
    return _of_tag("plant", "Plant", "The plant, as in the configuration's [plant] id.", "energy_intensity", where="")


def potline(*, several: bool = True) -> QueryVariable:
    """Return the choice of potlines: one, several or all; or of exactly one."""
    told = "One, several or all potlines of the plant." if several else "The potline."
    variable = _of_tag("potline", "Potline", told, "energy_intensity")
    if several:
        variable.multi(True).include_all(True).current(VariableOption(text=["All"], value=["$__all"], selected=True))
    return variable


def pot() -> QueryVariable:
    """Return the choice of one pot, of the potlines chosen."""
    where = '"plant" = \'$plant\' AND "potline" =~ /^$potline$/'
    return _of_tag("pot", "Pot", "One pot of the potlines chosen.", "pot", where=where).sort(VariableSort.NATURAL_ASC)


def method() -> QueryVariable:
    """Return the choice of one set of rules for emissions."""
    return _of_tag("method", "Rule set", "The rules of the emissions calculation.", "emissions_intensity")


def electricity() -> QueryVariable:
    """Return the choice of how electricity's emissions are counted."""
    told = (
        "Emission factor of the grid (location) or of the contracts (market). Both are written for the same metal: "
        "never add them."
    )
    return _of_tag("electricity", "Electricity", told, "emissions_intensity")


def stack() -> QueryVariable:
    """Return the choice of stacks: one, several or all."""
    variable = _of_tag("stack", "Stack", "One, several or all stacks of the plant.", "pollutant_intensity")
    return variable.multi(True).include_all(True).current(VariableOption(text=["All"], value=["$__all"], selected=True))


def window(names: Sequence[str] = WINDOWS, *, first: str = "hour") -> CustomVariable:
    """Return the choice of the window that one line of a stream stands for."""
    told = "What one stated figure stands for. A point stands at the start of its window."
    return one_of("window", "Window", told, names, first=first)


def boundary(names: Sequence[str] = BOUNDARIES, *, first: str = "liquid_ac") -> CustomVariable:
    """Return the choice of what the energy includes."""
    told = "What the energy includes: direct current, alternating current, with services, up to the ingot."
    return one_of("boundary", "Boundary", told, names, first=first)


def one_of(name: str, label: str, description: str, values: Sequence[str], *, first: str) -> CustomVariable:
    """Return a choice of one of some fixed values; ValueError if the first one is not among them."""
    if first not in values:
        raise ValueError(f"variable '{name}' begins with '{first}', which is none of {', '.join(values)}; choose one")
    options = [VariableOption(text=value, value=value, selected=value == first) for value in values]
    variable = CustomVariable(name).label(label).description(description).values(",".join(values)).options(options)
    return variable.current(VariableOption(text=first, value=first, selected=True)).hide(VariableHide.DONT_HIDE)


def _of_tag(name: str, label: str, description: str, of: str, *, where: str = "\"plant\" = '$plant'") -> QueryVariable:
    query = f'SHOW TAG VALUES FROM "{of}" WITH KEY = "{name}"' + (f" WHERE {where}" if where else "")
    asked: dict[str, object] = {"query": query, "refId": "InfluxVariableQueryEditor-VariableQuery"}
    variable = QueryVariable(name).label(label).description(description).datasource(source()).query(asked)
    variable.refresh(VariableRefresh.ON_DASHBOARD_LOAD).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.multi(False).include_all(False).hide(VariableHide.DONT_HIDE)
