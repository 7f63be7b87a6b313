"""Each single mistake in a profile, and the exact text that tells of it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import AC, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'unit = "Wh"',
            'unit = "Wh"\nscale = 0',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.scale: a scale of 0 makes every reading 0; give the factor from raw to the unit"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nscale = nan',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.scale: nan is not a finite number; write it like 0.1"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nscale = "0.1"',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.scale: '0.1' is no number; write it like 0.1, without quotation marks"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "V"',
            [
                "config/profiles/ac.toml:16 registers.active_energy_import.unit: does not fit active_energy_import: 'V' measures voltage, and energy is needed here; one of: Wh, kWh, MWh, GWh"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "joule"',
            [
                "config/profiles/ac.toml:16 registers.active_energy_import.unit: does not fit active_energy_import: 'joule' is no unit that is known here; one of: Wh, kWh, MWh, GWh"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nwraps_at = inf',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.wraps_at: inf is not a finite number; write it like 0.1"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nwraps_at = 1e19',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.wraps_at: 10000000000000000000 is more than s64 can hold; give at most 9223372036854775808, or remove it"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nwraps_at = -1',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.wraps_at: a counter does not wrap at -1; give the raw value of its end"
            ],
        ),
        (
            "address = 0",
            "address = 0\nwraps_at = 5",
            ["config/profiles/ac.toml:11 registers.active_power.wraps_at: active_power is no counter; remove it"],
        ),
        (
            "address = 2",
            "address = 1",
            [
                "config/profiles/ac.toml:14 registers.active_energy_import.address: lies on registers of active_power (0 to 1); check both addresses"
            ],
        ),
        (
            "address = 2",
            "address = 65533",
            [
                "config/profiles/ac.toml:14 registers.active_energy_import.address: s64 at 65533 ends after the last register 65535; check it, and modbus.addresses_from"
            ],
        ),
        (
            "address = 2",
            "address = 65536",
            [
                "config/profiles/ac.toml:14 registers.active_energy_import.address: s64 at 65536 ends after the last register 65535; check it, and modbus.addresses_from"
            ],
        ),
        (
            "function = 3",
            "function = 6",
            ["config/profiles/ac.toml:7 modbus.function: 6 is not possible here; write 1, 2, 3 or 4"],
        ),
        (
            "function = 3",
            "function = 3\nmax_registers = 2",
            [
                "config/profiles/ac.toml:16 registers.active_energy_import.type: s64 takes 4 registers, more than max_registers; raise max_registers"
            ],
        ),
        (
            "function = 3",
            "function = 3\nmax_registers = 126",
            ["config/profiles/ac.toml:8 modbus.max_registers: 126 is above 125; give a whole number from 1 to 125"],
        ),
        (
            'type = "s64"',
            'type = "int64"',
            [
                'config/profiles/ac.toml:15 registers.active_energy_import.type: \'int64\' is not possible here; write "u16", "s16", "u32", "s32", "u48", "s48", "u64", "s64", "f32", "f64", "bcd16", "bcd32", "bcd48", "bcd64", "mod10000x2", "mod10000x3", "mod10000x4", "iskra_t5", "iskra_t6", "iskra_t7", "string" or "bit"'
            ],
        ),
        (
            "[registers.active_power]",
            "[registers.activ_power]",
            [
                "config/profiles/ac.toml:9 registers.activ_power: 'activ_power' is no quantity; did you mean 'active_power'? (information has info = true)"
            ],
        ),
        (
            '[registers.active_power]\naddress = 0\ntype = "f32"\nunit = "kW"',
            '[registers.pot_voltage]\naddress = 0\ntype = "f32"\nunit = "V"',
            [
                "config/profiles/ac.toml:9 registers.pot_voltage: pot_voltage is told by the pots' control over MQTT, not by a meter; remove it"
            ],
        ),
        (
            "[modbus]",
            '[sentinels]\nf32 = ["7FC00000", "0x1FFFFFFFF", "0x0/0x0"]\n[modbus]',
            [
                'config/profiles/ac.toml:7 sentinels.f32[0]: \'7FC00000\' is no sentinel of 32 bits; write it like "0x7FC00000" or, with a mask, "0x7FFF0000/0xFFFF0000"',
                'config/profiles/ac.toml:7 sentinels.f32[1]: \'0x1FFFFFFFF\' is no sentinel of 32 bits; write it like "0x7FC00000" or, with a mask, "0x7FFF0000/0xFFFF0000"',
                "config/profiles/ac.toml:7 sentinels.f32[2]: the mask of '0x0/0x0' fits every value; give the bits that tell",
            ],
        ),
        (
            "[modbus]",
            '[sentinels]\nf16 = ["0x7F"]\n[modbus]',
            [
                'config/profiles/ac.toml:7 sentinels.f16: \'f16\' is not possible here; write "u16", "s16", "u32", "s32", "u48", "s48", "u64", "s64", "f32", "f64", "bcd16", "bcd32", "bcd48", "bcd64", "mod10000x2", "mod10000x3", "mod10000x4", "iskra_t5", "iskra_t6" or "iskra_t7"'
            ],
        ),
        (
            'raw = "42BB9829"',
            'raw = "42BB98"',
            [
                "config/profiles/ac.toml:19 test_vectors[0].raw: '42BB98' is no row of registers; write four hexadecimal digits for each, like 42BB9829"
            ],
        ),
        (
            'raw = "42BB9829"',
            'raw = "42BB"',
            [
                "config/profiles/ac.toml:19 test_vectors[0].raw: 2 bytes do not make a f32; give the registers as they come on the wire"
            ],
        ),
        (
            'raw = "42BB9829"\nvalue = 93.797188\nunit = "kW"',
            'raw = "42BB9829"\nvalue = 93.797188\nunit = "A"',
            [
                "config/profiles/ac.toml:21 test_vectors[0].unit: 'A' measures current, and power is needed here; one of: W, kW, MW"
            ],
        ),
        (
            'register = "active_power"',
            'register = "power"',
            [
                "config/profiles/ac.toml:18 test_vectors[0].register: 'power' is not in this profile; name one of its registers"
            ],
        ),
        (
            'register = "active_power"',
            'regster = "active_power"',
            ["config/profiles/ac.toml:18 test_vectors[0].regster: is not a setting; did you mean 'register'?"],
        ),
        (
            'title = "AC meter"',
            'titel = "AC meter"',
            ["config/profiles/ac.toml:1 titel: is not a setting; did you mean 'title'?"],
        ),
    ],
)
def test_what_is_wrong_in_a_profile_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(AC, old, new)
    assert settings_folder.problems() == told
