"""The catalogue of quantities: names that dashboards and alert rules stand on."""

import pytest

from collector.readings import units
from collector.readings.quality import Quality
from collector.readings.quantity import Kind, Quantity


@pytest.mark.parametrize(
    ("label", "field", "unit", "kind"),
    [
        ("active_power", "active_power_kw", "kW", Kind.GAUGE),
        ("active_energy_import", "active_energy_import_kwh", "kWh", Kind.COUNTER),
        ("voltage", "voltage_v", "V", Kind.GAUGE),
        ("current", "current_a", "A", Kind.GAUGE),
        ("power_factor", "power_factor", "1", Kind.GAUGE),
        ("frequency", "frequency_hz", "Hz", Kind.GAUGE),
        ("dc_energy", "dc_energy_kwh", "kWh", Kind.COUNTER),
        ("dc_charge", "dc_charge_kah", "kAh", Kind.COUNTER),
        ("voltage_l3l1", "voltage_l3l1_v", "V", Kind.GAUGE),
        ("current_n", "current_n_a", "A", Kind.GAUGE),
        ("reactive_power_l2", "reactive_power_l2_kvar", "kvar", Kind.GAUGE),
        ("apparent_power", "apparent_power_kva", "kVA", Kind.GAUGE),
        ("cosphi_l1", "cosphi_l1", "1", Kind.GAUGE),
        ("thd_u_l1", "thd_u_l1_pct", "%", Kind.GAUGE),
        ("active_energy_net_l3", "active_energy_net_l3_kwh", "kWh", Kind.GAUGE),
        ("active_energy_export_t2", "active_energy_export_t2_kwh", "kWh", Kind.COUNTER),
        ("reactive_energy_import_t1", "reactive_energy_import_t1_kvarh", "kvarh", Kind.COUNTER),
        ("apparent_energy_total", "apparent_energy_total_kvah", "kVAh", Kind.COUNTER),
        ("dc_charge_net", "dc_charge_net_kah", "kAh", Kind.GAUGE),
        ("operating_hours", "operating_hours_h", "h", Kind.COUNTER),
        ("gas_temperature", "gas_temperature_c", "degC", Kind.GAUGE),
        ("so2", "so2_mg_m3", "mg/m3", Kind.GAUGE),
        ("o2", "o2_pct", "%", Kind.GAUGE),
        ("flow", "flow_m3_h", "m3/h", Kind.GAUGE),
        ("reverse_volume", "reverse_volume_m3", "m3", Kind.COUNTER),
        ("velocity", "velocity_m_s", "m/s", Kind.GAUGE),
        ("gas_pressure", "gas_pressure_bar", "bar", Kind.GAUGE),
        ("net_weight", "net_weight_t", "t", Kind.GAUGE),
    ],
)
def test_a_quantity_of_a_meter_is_written_to_this_field_in_this_unit(
    label: str, field: str, unit: str, kind: Kind
) -> None:
    quantity = Quantity.named(label)
    assert (quantity.measurement, quantity.field, quantity.unit, quantity.kind) == ("meter", field, unit, kind)


def test_the_quantities_of_lines_and_pots_keep_their_streams_and_fields() -> None:
    assert [
        (quantity.label, quantity.measurement, quantity.field)
        for quantity in Quantity
        if quantity.measurement != "meter"
    ] == [
        ("line_current", "potline", "line_current_ka"),
        ("line_voltage", "potline", "line_voltage_v"),
        ("dc_power", "potline", "dc_power_mw"),
        ("pot_voltage", "pot", "voltage_v"),
        ("pot_resistance", "pot", "resistance_uohm"),
        ("pot_noise", "pot", "noise_mv"),
        ("bath_temperature", "pot", "bath_temperature_c"),
    ]


def test_no_two_quantities_share_a_field_and_none_is_lost_for_looking_like_another() -> None:
    assert len(Quantity) == 130
    assert len({(quantity.measurement, quantity.field) for quantity in Quantity}) == 130


def test_a_percentage_is_kept_in_percent_and_a_power_factor_is_not() -> None:
    assert units.factor("1", Quantity.O2.unit) == 100.0
    assert units.factor("%", Quantity.POWER_FACTOR.unit) == 0.01
    assert units.factor("s", Quantity.OPERATING_HOURS.unit) == 1 / 3600


def test_every_quality_has_words_and_the_codes_are_those_of_opc_da() -> None:
    assert {quality.name: int(quality) for quality in Quality} == {
        "BAD": 0x00,
        "BAD_CONFIG_ERROR": 0x04,
        "BAD_NOT_CONNECTED": 0x08,
        "BAD_DEVICE_FAILURE": 0x0C,
        "BAD_SENSOR_FAILURE": 0x10,
        "BAD_COMM_FAILURE": 0x18,
        "UNCERTAIN": 0x40,
        "UNCERTAIN_EU_EXCEEDED": 0x54,
        "GOOD": 0xC0,
    }
    assert all(quality.words for quality in Quality)
