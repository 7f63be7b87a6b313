"""What holds for every formula: the citation above it, the arrays it takes, and what it imports."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import collector.domain
from collector.domain import anode_effect, electrolysis, emissions, energy, metering, uncertainty

FORMULA_MODULES: tuple[ModuleType, ...] = (electrolysis, energy, anode_effect, emissions, uncertainty, metering)

# A range that is valid for every argument of that name.
VALID: dict[str, tuple[float, float]] = {
    "ac_energy": (0, 1e9),
    "ae_minutes_per_cell_day": (0, 100),
    "ae_seconds": (0, 1e6),
    "anode_co2_t": (0, 1e6),
    "ash_percent": (0.05, 5),
    "bridged_kwh": (0, 1),
    "c2f6_kg": (0, 1e5),
    "c2f6_per_cf4": (0, 1),
    "cell_days": (0.01, 1e6),
    "cf4_kg": (0, 1e5),
    "charge_kah": (0.01, 1e9),
    "charge_relative": (0, 0.2),
    "co2e_t": (0, 1e7),
    "correlation": (-1, 1),
    "coverage_factor": (1, 10),
    "current_efficiency": (0.5, 1),
    "current_efficiency_percent": (50, 100),
    "current_transformer_percent": (0, 20),
    "dc_energy": (0, 1e9),
    "displacement_min": (0, 300),
    "electricity_co2_t": (0, 1e7),
    "expanded": (0, 1e6),
    "gap_h": (1, 1000),
    "grid_factor": (0, 3),
    "gwp_c2f6": (9200, 12400),
    "gwp_cf4": (5700, 7390),
    "half_width": (0, 1e6),
    "kwh": (0, 1e10),
    "limit_percent": (0, 20),
    "mass_t": (0, 1e6),
    "metal_kg": (0, 1e9),
    "metal_relative": (0, 0.2),
    "metal_t": (0.01, 1e6),
    "meter_percent": (0, 20),
    "net_anode_consumption": (0.3, 0.6),
    "other_relative": (0, 1),
    "overvoltage_coefficient": (0, 10),
    "overvoltage_mv": (0, 100),
    "pfc_co2e_t": (0, 1e6),
    "pot_voltage_v": (0, 60),
    "pots": (0.5, 1000),
    "power_factor": (0.01, 1),
    "rated_power_kw": (1, 1e5),
    "rectifier_efficiency": (0.5, 1),
    "relative": (0, 1),
    "resolution_t": (0, 10),
    "scale_relative": (0, 0.2),
    "slope": (0, 1),
    "step": (0, 1e6),
    "step_h": (0, 24),
    "step_rms": (0, 1e6),
    "steps": (0, 1e6),
    "sulphur_percent": (0.1, 5),
    "voltage_transformer_percent": (0, 20),
    "weighings": (0, 1e5),
}
ONE_NUMBER_FOR_ALL = {"gwp_cf4", "gwp_c2f6"}


def formulas() -> list[Callable[..., Any]]:
    return [
        function
        for module in FORMULA_MODULES
        for function in vars(module).values()
        if inspect.isfunction(function) and function.__module__ == module.__name__
    ]


def inputs_for(formula: Callable[..., Any], data: st.DataObject, size: int) -> dict[str, NDArray[np.float64] | float]:
    inputs: dict[str, NDArray[np.float64] | float] = {}
    for name in inspect.signature(formula).parameters:
        numbers = st.floats(*VALID[name])
        if name in ONE_NUMBER_FOR_ALL:
            inputs[name] = data.draw(numbers, label=name)
        else:
            inputs[name] = np.array(data.draw(st.lists(numbers, min_size=size, max_size=size), label=name))
    return inputs


def element(value: NDArray[np.float64] | float, index: int) -> float:
    return float(value[index]) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("formula", formulas())
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_an_array_gives_what_its_elements_give_one_by_one(formula: Callable[..., Any], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 5), label="size")
    inputs = inputs_for(formula, data, size)
    answer = formula(**inputs)
    assert isinstance(answer, np.ndarray)
    assert answer.shape == (size,)
    for index in range(size):
        alone = formula(**{name: element(value, index) for name, value in inputs.items()})
        assert isinstance(alone, float)
        assert alone == answer[index]


@pytest.mark.parametrize("formula", formulas())
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_plain_number_beside_an_array_holds_for_all_its_elements(
    formula: Callable[..., Any], data: st.DataObject
) -> None:
    inputs = inputs_for(formula, data, 3)
    first, *others = inputs
    numbers = {name: element(inputs[name], 0) for name in others}
    answer = formula(**{first: inputs[first]}, **numbers)
    for index in range(3):
        assert answer[index] == formula(**{first: element(inputs[first], index)}, **numbers)


@pytest.mark.parametrize("formula", formulas())
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_valid_inputs_give_a_finite_answer_and_are_left_as_they_were(
    formula: Callable[..., Any], data: st.DataObject
) -> None:
    inputs = inputs_for(formula, data, 2)
    before = {name: np.array(value) for name, value in inputs.items()}
    assert np.isfinite(formula(**inputs)).all()
    for name, value in inputs.items():
        assert np.array_equal(value, before[name])


@pytest.mark.parametrize("formula", formulas())
def test_every_argument_refuses_nan_and_names_itself(formula: Callable[..., Any]) -> None:
    names = list(inspect.signature(formula).parameters)
    for name in names:
        inputs = {other: VALID[other][1] for other in names} | {name: float("nan")}
        with pytest.raises(ValueError, match=rf"^{name} is nan: .* Remedy: .+\.$"):
            formula(**inputs)


@pytest.mark.parametrize("formula", formulas())
def test_every_formula_carries_its_citation(formula: Callable[..., Any]) -> None:
    docstring = inspect.getdoc(formula) or ""
    for section in ("Parameters", "Returns", "Raises", "Notes", "References"):
        assert f"\n{section}\n{'-' * len(section)}\n" in docstring, section
    notes = docstring.split("\nNotes\n")[1].split("\nReferences\n")[0]
    assert "``" in notes, "the equation"
    assert ".. [1]" in docstring.split("\nReferences\n")[1]


@pytest.mark.parametrize("formula", formulas())
def test_every_argument_and_answer_has_its_unit_in_brackets(formula: Callable[..., Any]) -> None:
    docstring = inspect.getdoc(formula) or ""
    parameters = docstring.split("\nParameters\n")[1].split("\nReturns\n")[0]
    for name in inspect.signature(formula).parameters:
        description = parameters.split(f"\n{name}\n")[1]
        meaning = description.split("\n\n")[0].split(".\n")[0]
        assert "[" in meaning, name
        assert "]" in meaning, name
    answer = docstring.split("\nReturns\n")[1].split("\nRaises\n")[0]
    assert "[" in answer


@pytest.mark.parametrize("formula", formulas())
def test_every_argument_must_be_given(formula: Callable[..., Any]) -> None:
    for parameter in inspect.signature(formula).parameters.values():
        assert parameter.default is inspect.Parameter.empty


def test_formulas_import_numpy_and_typing_and_nothing_that_waits_reads_or_logs() -> None:
    allowed = {"numpy", "typing", "collector.domain"}
    for source in Path(collector.domain.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            imported: list[str] = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            for name in imported:
                assert any(name == room or name.startswith(f"{room}.") for room in allowed), f"{source.name}: {name}"
