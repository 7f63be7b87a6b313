"""What holds for every formula: the citation above it, the arrays it takes, and what it imports."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

import collector.domain
from collector.domain import (
    anode_baking,
    anode_effect,
    anode_effect_rate,
    boundaries,
    carbon,
    claims,
    electricity,
    electrolysis,
    emissions,
    energy,
    exceedance,
    flue_gas,
    forecast,
    forecast_scatter,
    fuels,
    levels,
    metering,
    pfc,
    pollutants,
    price,
    renewables,
    soderberg,
    stoichiometry,
    uncertainty,
    voltage,
)

FORMULA_MODULES: tuple[ModuleType, ...] = (
    electrolysis,
    stoichiometry,
    voltage,
    energy,
    boundaries,
    forecast,
    anode_effect,
    emissions,
    pollutants,
    flue_gas,
    anode_effect_rate,
    pfc,
    carbon,
    anode_baking,
    soderberg,
    fuels,
    electricity,
    uncertainty,
    metering,
)

# Formulas that take records, dates or claims: cited like the others, tested for arrays in their own files.
RECORD_MODULES: tuple[ModuleType, ...] = (levels, price, exceedance, renewables, claims, forecast_scatter)

# A range that is valid for every argument of that name.
VALID: dict[str, tuple[float, float]] = {
    "ac_energy": (0.01, 1e9),
    "ae_minutes_per_cell_day": (0.01, 100),
    "ae_seconds": (0, 1e6),
    "air_oxygen_percent": (20, 22),
    "ambient_kpa": (80, 110),
    "amount": (0, 1e6),
    "anode_co2_t": (0, 1e6),
    "anode_effects": (1, 1e6),
    "anode_effects_per_cell_day": (0, 10),
    "ash_percent": (0.05, 5),
    "back_emf_v": (0, 5),
    "baked_anode_t": (0, 1e6),
    "benzene_soluble_kg_per_t": (0, 20),
    "binder_percent": (5, 40),
    "bridged_kwh": (0, 1),
    "busbar_loss_kwh": (0, 1e5),
    "c2f6_kg": (0, 1e5),
    "c2f6_per_cf4": (0, 1),
    "capture": (0, 1),
    "carbon_content": (0, 1),
    "carbon_t_per_gj": (0.005, 0.1),
    "carbonate_t": (0, 1e6),
    "casting_kwh": (0, 1e6),
    "cell_days": (0.01, 1e6),
    "cf4_kg": (0, 1e5),
    "cf4_kg_per_t": (0, 10),
    "charge_kah": (0.01, 1e9),
    "charge_relative": (0, 0.2),
    "co2_per_carbonate": (0, 0.6),
    "co2_per_metal": (1, 3),
    "co2_t_per_tj": (10, 400),
    "co2_t_per_unit": (0, 10),
    "co2e_t": (0, 1e7),
    "coke_ash_percent": (0.02, 5),
    "coke_per_baked_anode": (0, 0.5),
    "coke_sulphur_percent": (0.1, 5),
    "collection_efficiency": (0.5, 1),
    "correlation": (-1, 1),
    "coverage_factor": (1, 10),
    "current_efficiency": (0.5, 1),
    "current_efficiency_percent": (50, 100),
    "current_ka": (0.1, 700),
    "current_transformer_percent": (0, 20),
    "data_seconds": (1, 1e9),
    "days_left": (0.1, 31),
    "days_since_start": (0, 1000),
    "dc_energy": (0, 1e9),
    "desulphurisation_kwh": (0, 1e6),
    "displacement_min": (0, 300),
    "electricity_co2_t": (0, 1e7),
    "fuel_co2_t": (0, 1e7),
    "expanded": (0, 1e6),
    "flow_m3_h": (0, 1e7),
    "footprint_factor": (0, 3),
    "fuels_kgce": (0, 1e6),
    "gap_h": (1, 1000),
    "gas_kg_per_t": (0, 10),
    "green_anode_t": (0, 1e6),
    "grid_factor": (0, 3),
    "gross_anode_t": (0, 1e6),
    "gwp_c2f6": (9200, 12400),
    "gwp_cf4": (5700, 7390),
    "half_width": (0, 1e6),
    "hours": (0, 1e4),
    "hydrogen_fluoride": (0, 100),
    "hydrogen_percent": (0.05, 5),
    "ingot_ac_kwh": (0, 1e9),
    "ingot_t": (0.01, 1e6),
    "kg_per_mg": (0, 100),
    "kgce_per_kwh": (0, 1),
    "kwh": (0, 1e10),
    "kwh_per_day": (0, 1e8),
    "kwh_per_t": (0, 2e4),
    "kwh_so_far": (0, 1e9),
    "lb_per_ton": (0, 100),
    "limit_kwh_per_t": (0, 2e4),
    "limit_percent": (0, 20),
    "line_losses_kwh": (0, 1e6),
    "line_voltage_v": (1, 2000),
    "liquid_cast_t": (0, 1e6),
    "liquid_kwh_per_t": (0, 2e4),
    "liquid_metal_t": (0.01, 1e6),
    "loss_percent": (1, 50),
    "mass_kg": (0, 1e6),
    "mass_t": (0, 1e6),
    "material_t": (0, 1e6),
    "mean_minutes": (0, 60),
    "metal_kg": (0, 1e9),
    "metal_relative": (0, 0.2),
    "metal_so_far_t": (0, 1e6),
    "metal_t": (0.01, 1e6),
    "metal_t_per_day": (0.1, 1e4),
    "meter_percent": (0, 20),
    "mg_m3": (0, 1e4),
    "mg_nm3": (0, 1e4),
    "molar_mass_g": (2, 500),
    "net_anode_consumption": (0.3, 0.6),
    "net_anode_t": (0, 1e6),
    "net_calorific_value_gj": (1, 1000),
    "other_relative": (0, 1),
    "overvoltage_coefficient": (0, 10),
    "overvoltage_mv": (0, 100),
    "overvoltage_volt_seconds": (0, 1e9),
    "oxidation": (0.5, 1),
    "oxygen_percent": (0, 18),
    "paste_consumption": (0.3, 0.7),
    "pfc_co2e_t": (0, 1e6),
    "pitch_ash_percent": (0.02, 5),
    "pitch_hydrogen_percent": (0.5, 10),
    "pitch_sulphur_percent": (0.1, 5),
    "pot_days": (0, 366),
    "pot_metal_end_t": (0, 1e5),
    "pot_metal_start_t": (0, 1e5),
    "pot_voltage_v": (0, 60),
    "potroom_services_kwh": (0, 1e6),
    "pots": (0.5, 1000),
    "pots_voltage_v": (0, 2000),
    "power_factor": (0.01, 1),
    "ppmv": (0, 1e6),
    "rated_power_kw": (1, 1e5),
    "rectifier_ac_kwh": (1e6, 1e9),
    "rectifier_efficiency": (0.5, 1),
    "reference_oxygen_percent": (0, 18),
    "relative": (0, 1),
    "resistance_uohm": (0, 100),
    "resolution_t": (0, 10),
    "scale_relative": (0, 0.2),
    "seconds": (0, 1e6),
    "skimmed_dust_per_metal": (0, 0.1),
    "slope": (0, 1),
    "stack_kg": (0, 1e6),
    "start_up_days": (0, 60),
    "startup_kwh": (0, 1e5),
    "static_kpa": (-20, 20),
    "step": (0, 1e6),
    "step_h": (0, 24),
    "step_rms": (0, 1e6),
    "steps": (0, 1e6),
    "sulphur_percent": (0.1, 5),
    "tapped_t": (0, 1e6),
    "temperature_c": (-50, 300),
    "voltage_transformer_percent": (0, 20),
    "voltage_v": (0, 2000),
    "waste_tar_t": (0, 1e5),
    "water_fraction": (0, 0.9),
    "weighings": (0, 1e5),
}
ONE_NUMBER_FOR_ALL = {"gwp_cf4", "gwp_c2f6"}

# Records that are no numbers: they stay the same for all elements.
RECORDS: dict[str, object] = {
    "reference": flue_gas.NORMAL,
    "stated_at": flue_gas.US_STANDARD,
    "wanted_at": flue_gas.NORMAL,
}


def formulas(modules: tuple[ModuleType, ...] = FORMULA_MODULES) -> list[Callable[..., Any]]:
    return [
        function
        for module in modules
        for function in vars(module).values()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not function.__name__.startswith("_")
    ]


def inputs_for(formula: Callable[..., Any], data: st.DataObject, size: int) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for name in inspect.signature(formula).parameters:
        if name in RECORDS:
            inputs[name] = RECORDS[name]
            continue
        numbers = st.floats(*VALID[name])
        if name in ONE_NUMBER_FOR_ALL:
            inputs[name] = data.draw(numbers, label=name)
        else:
            inputs[name] = np.array(data.draw(st.lists(numbers, min_size=size, max_size=size), label=name))
    return inputs


def element(value: Any, index: int) -> Any:  # noqa: ANN401  a record is any record
    return float(value[index]) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("formula", formulas())
@settings(max_examples=drawn(15), deadline=None)
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
@settings(max_examples=drawn(15), deadline=None)
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
@settings(max_examples=drawn(15), deadline=None)
@given(data=st.data())
def test_valid_inputs_give_a_finite_answer_and_are_left_as_they_were(
    formula: Callable[..., Any], data: st.DataObject
) -> None:
    inputs = inputs_for(formula, data, 2)
    before = {name: np.array(value) for name, value in inputs.items() if name not in RECORDS}
    assert np.isfinite(formula(**inputs)).all()
    for name, value in before.items():
        assert np.array_equal(inputs[name], value)


@pytest.mark.parametrize("formula", formulas())
def test_every_argument_refuses_nan_and_names_itself(formula: Callable[..., Any]) -> None:
    parameters = list(inspect.signature(formula).parameters)
    records = {name: RECORDS[name] for name in parameters if name in RECORDS}
    names = [name for name in parameters if name not in RECORDS]
    for name in names:
        inputs = {other: VALID[other][1] for other in names} | {name: float("nan")} | records
        with pytest.raises(ValueError, match=rf"^{name} is nan: .* Remedy: .+\.$"):
            formula(**inputs)


@pytest.mark.parametrize("formula", formulas(FORMULA_MODULES + RECORD_MODULES))
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


def test_formulas_import_numpy_and_plain_records_and_nothing_that_waits_reads_or_logs() -> None:
    allowed = {"numpy", "typing", "collections.abc", "dataclasses", "datetime", "enum", "collector.domain"}
    for source in Path(collector.domain.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            imported: list[str] = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            for name in imported:
                assert any(name == room or name.startswith(f"{room}.") for room in allowed), f"{source.name}: {name}"
