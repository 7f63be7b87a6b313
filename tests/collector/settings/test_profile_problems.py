"""What is wrong in a register map is told with its line, and all of it at once."""

# ruff: noqa: E501 - whole lines, as a person reads them

from pathlib import Path

import pytest

from collector.settings import ConfigurationError
from collector.settings.profiles import profile_names, read_profile

TEXT = """\
title = "Meter"
vendor = "Maker"
models = ["M1"]
confidence = "design"
sources = ["manual"]
[modbus]
function = 3
word_order = "msw_first"
max_registers = 20
max_gap = 2
[constants.ct]
meaning = "ratio of the current transformers"
[registers.voltage]
address = 10
type = "u16"
unit = "V"
scale_by = ["ct"]
[registers.current]
address = 11
type = "s16"
unit = "A"
exponent = "sf"
[registers.sf]
address = 12
type = "s16"
info = true
[registers.active_energy_import]
address = 14
type = "u32"
unit = "kWh"
[registers.maker]
address = 40
type = "string"
length = 4
info = true
[registers.state]
address = 50
type = "u16"
info = true
[[test_vectors]]
register = "voltage"
raw = "00E6"
value = 460
unit = "V"
with = { ct = 2 }
origin = "computed"
"""


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "m.toml"
    path.write_text(text, encoding="utf-8")
    try:
        read_profile(path)
    except ConfigurationError as exc:
        return [line.removeprefix(f"{path}:") for line in str(exc).splitlines()]
    return []


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, f"{old!r} stands {TEXT.count(old)} times in the map"
    return TEXT.replace(old, new)


def test_the_map_without_mistakes_has_none(tmp_path: Path) -> None:
    assert problems(tmp_path, TEXT) == []


def test_files_whose_name_begins_with_an_underline_are_no_profiles(tmp_path: Path) -> None:
    for name in ("b.toml", "_blueprint.toml", "a.toml", "notes.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert profile_names(tmp_path) == ["a", "b"]


STATE = '[registers.state]\naddress = 50\ntype = "u16"\n'
ENERGY = '[registers.active_energy_import]\naddress = 14\ntype = "u32"\nunit = "kWh"\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # Names.
        ('scale_by = ["ct"]', 'scale_by = ["ct", "cd"]', ["17 registers.voltage.scale_by[1]: 'cd' is no constant or information register; one of: ct, maker, sf, state"]),
        ('scale_by = ["ct"]', 'scale_by = ["ct", "current"]', ["17 registers.voltage.scale_by[1]: current is a quantity; name a constant or an information register"]),
        ('exponent = "sf"', 'exponent = "maker"', ["22 registers.current.exponent: maker is a text; name one that holds a number"]),
        ('exponent = "sf"', 'exponent = "weather"', ["22 registers.current.exponent: 'weather' is no constant or information register; one of: ct, maker, sf, state"]),
        ('exponent = "sf"', 'exponent = "sf"\nplus = ["ct", "volt", "voltage", "maker"]', [
            "23 registers.current.plus[0]: ct is a constant; only registers can be added",
            "23 registers.current.plus[1]: 'volt' is no register; did you mean 'voltage'?",
            "23 registers.current.plus[2]: voltage cannot be added: 'V' measures voltage, and current is needed here; one of: A, kA",
            "23 registers.current.plus[3]: maker is a text; name a register that holds a number",
        ]),
        ("address = 12\n", 'address = 12\nscale_by = ["sf"]\n', ["23 registers.sf: needs itself; a register cannot be worked out before itself"]),
        (STATE, f'[registers.idle]\naddress = 51\ntype = "u16"\ninfo = true\nscale_by = ["state"]\n{STATE}exponent = "idle"\n', [
            "36 registers.idle: needs itself: idle -> state -> idle; a register cannot be worked out before itself",
        ]),
        ('scale_by = ["ct"]\n', "", [
            "11 constants.ct: no register uses it; name it in a scale_by, an exponent or a linear, or remove it",
            "44 test_vectors[0].with.ct: voltage does not need ct; remove it",
        ]),
        ("[constants.ct]", "[constants.frequency]", [
            "11 constants.frequency: frequency is a quantity; give the constant another name",
            "17 registers.voltage.scale_by[0]: 'ct' is no constant or information register; one of: frequency, maker, sf, state",
        ]),
        ("[constants.ct]", "[constants.state]", [
            "11 constants.state: state is a register, too; give one of them another name",
            "17 registers.voltage.scale_by[0]: 'ct' is no constant or information register; one of: maker, sf, state",
        ]),
        # What a register is.
        ("[registers.state]", "[registers.frequency]", ["39 registers.frequency.info: frequency is a quantity; remove info, or give it another name"]),
        ("[registers.state]", '[registers."Stat us"]', ["36 registers.Stat us: 'Stat us' cannot be a name here; use small letters, digits and '_', a letter first"]),
        (f"{STATE}info = true", STATE, ["36 registers.state: 'state' is no quantity; config/profiles/_blueprint.toml lists them all (information has info = true)"]),
        ('type = "u16"\nunit = "V"', 'type = "u16"', ['13 registers.voltage.unit: is missing; add it, like unit = "V"']),
        (f"{STATE}info = true", f"{STATE}info = true\noptional = true", ["40 registers.state.optional: information is read only where it is needed; remove it: only a quantity is optional"]),
        (ENERGY, f"{ENERGY}expect = [5]\n", ["31 registers.active_energy_import.expect: only information can tell another device; remove it, or write valid = [least, most]"]),
        (STATE, f'{STATE}expect = ["ok", 5]\n', ["39 registers.state.expect: 'ok' is no number, and u16 gives one; write the number"]),
        (STATE, f"{STATE}length = 2\n", ["39 registers.state.length: does not belong to type u16; remove it"]),
        ("length = 4\n", "", ["31 registers.maker.length: is missing; give the number of registers of the text"]),
        ("length = 4\ninfo = true", 'length = 4\nscale = 2\ninfo = true\nlabels = { 1 = "x" }', [
            "35 registers.maker.scale: does not belong to type string; remove it",
            "37 registers.maker.labels: does not belong to type string; remove it",
        ]),
        ("length = 4", "length = 21", ["34 registers.maker.length: string takes 21 registers, more than max_registers; raise max_registers"]),
        (STATE, f"{STATE}function = 2\n", ["38 registers.state.type: u16 cannot be read with function 2; functions 1 and 2 give type bit, 3 and 4 the others"]),
        (f"{STATE}", STATE.replace('"u16"', '"bit"'), ["38 registers.state.type: bit cannot be read with function 3; functions 1 and 2 give type bit, 3 and 4 the others"]),
        (STATE, f"{STATE.replace('u16', 'bit')}function = 1\nbits = [0, 1]\n", ["40 registers.state.bits: does not belong to type bit; remove it"]),
        # Parts and words.
        (STATE, f"{STATE}bits = [12, 5]\n", ["39 registers.state.bits: 5 bits from bit 12 on do not lie in u16; write [lowest bit, number of bits] of 16"]),
        (STATE, f"{STATE.replace('u16', 's16')}bits = [0, 5]\n", ["39 registers.state.bits: bits cannot be taken out of s16; give the type as u16, u32, u48 or u64"]),
        (STATE, f"{STATE}bits = [0]\n", ["39 registers.state.bits: holds 1 numbers; two are needed here, like [0, 100]"]),
        (STATE, f"{STATE}flags = true\n", ["39 registers.state.flags: says that labels name bits, and there are none; add labels"]),
        (STATE, f'{STATE}labels = {{ no = "x" }}\n', ["39 registers.state.labels.no: 'no' is no raw number; write it like \"3\" or \"0x10\""]),
        (STATE, f'{STATE}labels = {{ 1 = "x" }}\nscale = 2\n', ["39 registers.state.labels: are for the raw number, which scale changes; remove scale"]),
        (STATE, f"{STATE.replace('u16', 's16')}labels = {{ 1 = \"x\" }}\nflags = true\n", ["40 registers.state.flags: s16 is no row of bits; give the type as u16, u32 or u64"]),
        (ENERGY, f'{ENERGY}labels = {{ 1 = "x" }}\n', ["31 registers.active_energy_import.labels: a quantity is a number, and not words; add info = true"]),
        # Numbers.
        (ENERGY, f'{ENERGY}linear = {{ raw = [0, 100], value = [0, "ct"] }}\nscale = 0.1\n', ["32 registers.active_energy_import.scale: does not go together with linear; keep one of the two"]),
        (ENERGY, f"{ENERGY}linear = {{ raw = [7, 7], value = [1, 1] }}\n", [
            "31 registers.active_energy_import.linear.raw: both raw numbers are the same; give the raw numbers of two different values",
            "31 registers.active_energy_import.linear.value: both values are the same; give the values that the two raw numbers mean",
        ]),
        (ENERGY, f'{ENERGY}linear = {{ raw = [0, 1, 2], value = ["-P max", true] }}\n', [
            "31 registers.active_energy_import.linear.raw: holds 3 numbers; two are needed here, like [0, 100]",
            "31 registers.active_energy_import.linear.value[0]: '-P max' is neither a number nor a name; write a number, or a name like \"p_max\" or \"-p_max\"",
            "31 registers.active_energy_import.linear.value[1]: true is no number; write it like 0.1, without quotation marks",
        ]),
        (ENERGY, f"{ENERGY}exponent_bias = 3\n", ["31 registers.active_energy_import.exponent_bias: is added to an exponent, and there is none; add exponent, or use scale"]),
        (ENERGY, f"{ENERGY.replace('u32', 'f32')}map = {{ 1 = 2 }}\n", ["31 registers.active_energy_import.map: f32 is no whole number; a map is from raw whole numbers"]),
        (ENERGY, f"{ENERGY}valid = [5, 5]\n", ["31 registers.active_energy_import.valid: leaves no value; write [least, most]"]),
        (ENERGY, f"{ENERGY}wraps_at = 4294967297\n", ["31 registers.active_energy_import.wraps_at: 4294967297 is more than u32 can hold; give at most 4294967296, or remove it"]),
        (ENERGY, f"{ENERGY.replace('u32', 'mod10000x2')}wraps_at = 100000001\n", ["31 registers.active_energy_import.wraps_at: 100000001 is more than mod10000x2 can hold; give at most 100000000, or remove it"]),
        (ENERGY, f"{ENERGY.replace('u32', 'bcd32')}wraps_at = 1e9\n", ["31 registers.active_energy_import.wraps_at: 1000000000 is more than bcd32 can hold; give at most 100000000, or remove it"]),
        (ENERGY, f"{ENERGY.replace('u32', 'f32')}wraps_at = 1e12\n", []),
        (ENERGY, f'{ENERGY}sentinels = ["0x100000000", "0x0/0x0"]\n', [
            "31 registers.active_energy_import.sentinels[0]: '0x100000000' is no sentinel of 32 bits; write it like \"0x7FC00000\" or, with a mask, \"0x7FFF0000/0xFFFF0000\"",
            "31 registers.active_energy_import.sentinels[1]: the mask of '0x0/0x0' fits every value; give the bits that tell",
        ]),
        # Places.
        ("address = 14", "address = 11", ["28 registers.active_energy_import.address: lies on registers of current (11 to 11); check both addresses", "24 registers.sf.address: lies on registers of active_energy_import (11 to 12); check both addresses"]),
        ("address = 14", "address = 11\nfunction = 4", []),
        ("address = 12\n", "address = 50\n", ["37 registers.state.address: lies on registers of sf (50 to 50); check both addresses"]),
        ("max_gap = 2", "max_gap = 2\naddresses_from = 40001", [
            "15 registers.voltage.address: 10 lies before 40001, the number of the first register; check it, and modbus.addresses_from",
            "20 registers.current.address: 11 lies before 40001, the number of the first register; check it, and modbus.addresses_from",
            "25 registers.sf.address: 12 lies before 40001, the number of the first register; check it, and modbus.addresses_from",
            "29 registers.active_energy_import.address: 14 lies before 40001, the number of the first register; check it, and modbus.addresses_from",
            "33 registers.maker.address: 40 lies before 40001, the number of the first register; check it, and modbus.addresses_from",
            "38 registers.state.address: 50 lies before 40001, the number of the first register; check it, and modbus.addresses_from",
        ]),
        ("max_gap = 2", 'max_gap = 2\nbase = "sunspec"', ["11 modbus.base: 'sunspec' is no base; write it like sunspec:203"]),
        ("max_gap = 2", 'max_gap = 2\nbase = "sunspec:203"\naddresses_from = 1', ["11 modbus.base: counts from the SunSpec model, and addresses_from from somewhere else; remove addresses_from"]),
        # Requests.
        ("max_gap = 2", "max_gap = 2\nblocks = [[10, 21], [65530, 7], [60, 2]]", [
            "11 modbus.blocks[0]: 21 registers are more than max_registers; raise max_registers, or split it",
            "11 modbus.blocks[1]: 7 registers from 65530 on do not exist; write [first, count], the first in the numbers of the map",
            "11 modbus.blocks[1]: no register lies in it; remove it, or correct its numbers",
            "11 modbus.blocks[2]: no register lies in it; remove it, or correct its numbers",
        ]),
        ("max_gap = 2", "max_gap = 2\nblocks = [[10, 5], [13, 3]]", [
            "11 modbus.blocks[1]: begins within the block of 5 from 10 on; a register lies in one block only",
            "29 registers.active_energy_import.address: lies only partly in the block of 5 from 10 on; correct the address or modbus.blocks",
        ]),
        ("max_gap = 2", "max_gap = 2\nholes = [[13, 13], [15, 20], [9, 3]]\nblocks = [[10, 4]]", [
            "11 modbus.holes[2]: 9 to 3 is no row of registers; write [first, last], both in the numbers of the map",
            "12 modbus.blocks[0]: holds the hole 13 to 13 (holes[0]); correct one of them",
            "30 registers.active_energy_import.address: cannot be read without the hole 15 to 20; correct the address or modbus.holes",
        ]),
        ("max_gap = 2", 'max_gap = 2\nreading = "declared"', ["11 modbus.reading: is declared, and no block is; add blocks = [[first, count]]"]),
        ("max_gap = 2", 'max_gap = 2\nreading = "declared"\nblocks = [[10, 6], [40, 4]]', ["39 registers.state.address: lies in no declared block; add a block for it to modbus.blocks"]),
        ("max_gap = 2", "max_gap = 2\nalign = 2\nblocks = [[11, 3]]\nholes = [[51, 51]]", [
            "12 modbus.blocks[0]: does not begin and end at a multiple of 2; requests are aligned: see align",
            "40 registers.state.address: cannot be read without the hole 51 to 51; correct the address or modbus.holes",
        ]),
        (STATE, f'{STATE}bits = [0, 4]\ninfo = true\n[registers.alarm]\naddress = 50\ntype = "u16"\nbits = [4, 12]\n', []),
        (STATE, f'{STATE}bits = [0, 4]\ninfo = true\n[registers.alarm]\naddress = 50\ntype = "u16"\n', [
            "42 registers.alarm.address: lies on registers of state (50 to 50); check both addresses",
        ]),
        ("max_gap = 2", "max_gap = 2\nalign = 3", ["11 modbus.align: 3 is not possible here; write 1, 2 or 4"]),
        ("max_gap = 2", 'max_gap = 2\natomic = [["current", "scale"], ["voltage"], ["current", "state"], ["voltage", "sf"]]', [
            "11 modbus.atomic[0][1]: 'scale' is no register of this profile; did you mean 'state'?",
            "11 modbus.atomic[1]: needs two registers or more; remove it, or name the others",
            "11 modbus.atomic[2]: takes 40 registers, more than one request holds; see max_registers",
        ]),
        ("max_gap = 2", 'max_gap = 2\natomic = [["current", "active_energy_import"]]\nholes = [[13, 13]]', [
            "11 modbus.atomic[0]: the hole 13 to 13 lies in it; it cannot come in one request",
        ]),
        ("max_gap = 2", 'max_gap = 2\natomic = [["current", "sf"]]\nblocks = [[10, 2]]', [
            "11 modbus.atomic[0]: its registers do not lie in one declared block; correct modbus.blocks",
        ]),
        ("max_gap = 2", 'max_gap = 2\natomic = [["current", "sf"]]\nreading = "one_value"', [
            "11 modbus.atomic[0]: contradicts reading = one_value; keep one of the two",
        ]),
        ('exponent = "sf"', 'exponent = "sf"\nfunction = 4\n[modbus.x]', ["24 modbus.x: is not a setting; one of: function, addresses_from, word_order, byte_order, max_registers, max_gap, align, reading, blocks, holes, atomic, base, counter_refresh, pause_between, pause_after_connect"]),
        # Test vectors.
        ('raw = "00E6"', 'raw = "00E7"', ["43 test_vectors[0].value: the registers mean 462 V; check the vector, and type, orders and scale of the register"]),
        ("with = { ct = 2 }", "with = { sf = 2 }", [
            "45 test_vectors[0].with: lacks values; add ct = ...",
            "45 test_vectors[0].with.sf: voltage does not need sf; remove it",
        ]),
        ("with = { ct = 2 }\n", "", ["40 test_vectors[0].with: is missing; add ct = ..."]),
        ("value = 460\n", 'text = "460"\n', ["40 test_vectors[0].value: is missing; give the value that the registers mean", "43 test_vectors[0].text: voltage is no text; give value in its place"]),
        ('value = 460\nunit = "V"', "value = 460", ['40 test_vectors[0].unit: is missing; add it, like unit = "V"']),
        ('register = "voltage"\nraw = "00E6"\nvalue = 460\nunit = "V"\nwith = { ct = 2 }', 'register = "maker"\nraw = "4D616B6572000000"\ntext = "Maker"', []),
        ('register = "voltage"\nraw = "00E6"\nvalue = 460\nunit = "V"\nwith = { ct = 2 }', 'register = "maker"\nraw = "4D616B6572000000"\ntext = "Makes"', [
            "43 test_vectors[0].text: the registers hold 'Maker'; check the vector, and type, orders and scale of the register",
        ]),
        ('register = "voltage"\nraw = "00E6"\nvalue = 460\nunit = "V"\nwith = { ct = 2 }', 'register = "maker"\nraw = "4D61"\nvalue = 1', [
            "40 test_vectors[0].text: is missing; give the text that the registers hold",
            "42 test_vectors[0].raw: 2 bytes do not make a string of 4 registers; give the registers as they come on the wire",
            "43 test_vectors[0].value: maker is a text; give text in its place",
        ]),
        ('exponent = "sf"\n', 'exponent = "sf"\nvalid = [0, 1]\n', []),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_key_and_remedy(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    assert problems(tmp_path, changed(old, new)) == sorted(told, key=lambda line: int(line.split()[0]))


def test_a_vector_whose_registers_mean_no_value_is_told(tmp_path: Path) -> None:
    told = problems(tmp_path, changed('unit = "V"\nscale_by', 'unit = "V"\nvalid = [0, 100]\nscale_by'))
    assert told == [
        "44 test_vectors[0].value: the registers mean no value; check the vector, and type, orders and scale of the register"
    ]


def test_mistakes_of_every_kind_are_told_together(tmp_path: Path) -> None:
    text = changed("max_gap = 2", 'max_gap = 2\natomic = [["current", "scale"]]').replace(
        "address = 14", "address = 11"
    )
    text = text.replace('exponent = "sf"', 'exponent = "fs"').replace('type = "u32"', 'type = "u32"\nscale = 0')
    assert problems(tmp_path, text.replace("ct = 2", "st = 2")) == [
        "11 modbus.atomic[0][1]: 'scale' is no register of this profile; did you mean 'state'?",
        "23 registers.current.exponent: 'fs' is no constant or information register; one of: ct, maker, sf, state",
        "31 registers.active_energy_import.scale: a scale of 0 makes every reading 0; give the factor from raw to the unit",
        "47 test_vectors[0].with: lacks values; add ct = ...",
        "47 test_vectors[0].with.st: voltage does not need st; remove it",
    ]
