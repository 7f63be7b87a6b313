"""The shape of the files: every key, its type, its bounds. Names and defaults are explained in config/*.toml."""

import ipaddress
import math
import re
from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from collector.readings import units
from collector.settings.problems import written

T = TypeVar("T")

# The checks below raise ValueErrors of the form "what is wrong; what to do about it". Pydantic's own sentences speak
# of strings, integers and patterns; a plant engineer reads these.


def _measure(unit: str, least: str, most: str) -> BeforeValidator:
    """Return the check of a number with a unit; the bounds are written as people write them."""
    low, high = units.parse(least, unit), units.parse(most, unit)

    def read(value: object) -> float:
        if not isinstance(value, str):
            raise ValueError(f'{written(value)} has no unit; write it with its unit, like "60 {unit}"')  # noqa: TRY004 - pydantic collects ValueErrors
        number = units.parse(value, unit)
        if not low <= number <= high:
            side, bound = ("below", least) if number < low else ("above", most)
            raise ValueError(f"{value.strip()} is {side} {bound}; give {least} to {most}")
        return number

    return BeforeValidator(read)


def _whole(least: int, most: int) -> BeforeValidator:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):  # from the environment
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{written(value)} is no whole number; give one from {least} to {most}")  # noqa: TRY004
        if not least <= value <= most:
            side, bound = ("below", least) if value < least else ("above", most)
            raise ValueError(f"{written(value)} is {side} {bound}; give a whole number from {least} to {most}")
        return value

    return BeforeValidator(read)


def _finite(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{written(value)} is no number; write it like 0.1, without quotation marks")  # noqa: TRY004
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{written(value)} is not a finite number; write it like 0.1")
    return number


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:  # from the environment
        return value.lower() == "true"
    raise ValueError(f"{written(value)} is neither true nor false; write true or false, without quotation marks")


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):  # from the environment
        try:
            value = date.fromisoformat(value)
        except ValueError as exc:
            raise ValueError(f"{written(value)} is no day of the calendar; write it like 2024-01-31") from exc
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{written(value)} is no date; write it like 2024-01-31, without quotation marks")  # noqa: TRY004
    return value


def _one_line(text: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("holds a line break or another control character; write it in one line")
    return text


def _at_most(length: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"is longer than {length} characters; shorten it")
        return text

    return AfterValidator(check)


def _id(text: str) -> str:
    # A double underscore would part the names of environment variables in the wrong place.
    if not re.fullmatch(r"[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)*", text):
        what = f"{written(text)} cannot be a name here"
        raise ValueError(f"{what}; use letters A-Z and digits, parted by single '_', '-' or '.'")
    return text


def _pot(text: str) -> str:
    if re.search(r"[\s/+#]", text):
        raise ValueError(f"{written(text)} cannot be a pot number; it stands in MQTT topics: no spaces, no / + #")
    return text


def _client_id(text: str) -> str:
    if re.search(r"\s", text):
        raise ValueError(f"{written(text)} cannot be a client id; write it without spaces")
    return text


def _is_host(text: str) -> bool:
    """Tell whether a text can be a host. One of digits and dots, or with a colon, must be a valid address."""
    if re.fullmatch(r"[0-9.]+|.*:.*", text):
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return False
        return True
    return re.fullmatch(r"[\w.-]+", text) is not None


def _host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]")
    if not _is_host(host):
        remedy = "give a name, or an address like 10.20.0.5; the port has a key of its own"
        raise ValueError(f"{written(text)} is no host; {remedy}")
    return host


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,9}", port) or not _is_host(host.removeprefix("[").removesuffix("]")):
        raise ValueError(f"{written(text)} is no address with a port; write it like 127.0.0.1:8080")
    if int(port) > 65535:
        raise ValueError(f"port {int(port)} does not exist; ports go from 1 to 65535, 0 takes a free one")
    return text


def _url(text: str) -> str:
    # Never shown: a password may stand in it.
    remedy = "write it like http://10.20.0.5:8086"
    try:
        parts = urlsplit(text)
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if "@" in text or "?" in text or "#" in text:
        raise ValueError("holds more than an address; user, password and token have their own keys")
    if not known or re.search(r"\s", text):
        raise ValueError(f"is no address of a database; {remedy}")
    return text


def _raw(text: str) -> str:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{4})+", text):
        raise ValueError(
            f"{written(text)} is no row of registers; write four hexadecimal digits for each, like 42BB9829"
        )
    return text


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"{written(name)} is no time zone; write it like Asia/Shanghai") from exc
    return name


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_one_line)]
Id = Annotated[str, _at_most(64), AfterValidator(_id)]
Host = Annotated[Text, _at_most(253), AfterValidator(_host)]
Port = Annotated[int, _whole(1, 65535)]
Number = Annotated[float, BeforeValidator(_finite)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Day = Annotated[date, BeforeValidator(_day)]
Percent = Annotated[float, _measure("%", "0 %", "100 %")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Store(_Model):
    """[store]."""

    path: Text
    commit_every: Annotated[float, _measure("s", "1 ms", "10 s")] = 1.0
    outbox_max_bytes: Annotated[float, _measure("B", "1 KiB", "16384 GiB")] = 2.0 * 1024**3
    outbox_max_age: Annotated[float, _measure("s", "1 s", "36500 d")] = 7 * 86400.0
    keep_inputs: Annotated[float, _measure("s", "2 d", "36500 d")] = 45 * 86400.0
    keep_minutes: Annotated[float, _measure("s", "2 d", "36500 d")] = 400 * 86400.0


class Accounting(_Model):
    """[accounting]."""

    grace: Annotated[float, _measure("s", "1 ms", "1 h")] = 10.0
    longest_gap: Annotated[float, _measure("s", "1 ms", "1 h")] = 60.0
    least_coverage: Percent = 90.0
    longest_tare_age: Annotated[float, _measure("s", "1 s", "30 d")] = 8 * 3600.0


class Page(_Model):
    """[page]."""

    listen: Annotated[Text, AfterValidator(_listen)] = "127.0.0.1:8080"


class Log(_Model):
    """[log]."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Delivery(_Model):
    """[delivery.NAME]."""

    kind: Literal["influxdb1", "influxdb2"]
    url: Annotated[Text, AfterValidator(_url)]
    org: Text | None = None
    bucket: Text | None = None
    token_file: Text | None = None
    database: Text | None = None
    create_database: Switch = False
    username: Text | None = None
    password_file: Text | None = None
    timeout: Annotated[float, _measure("s", "1 ms", "5 min")] = 10.0
    max_body: Annotated[float, _measure("B", "1 KiB", "64 MiB")] = 1024.0**2


class PlantSection(_Model):
    """[plant]."""

    id: Id
    name: Text
    time_zone: Annotated[str, AfterValidator(_time_zone)]


class Emissions(_Model):
    """[emissions]."""

    method: Id
    gwp: Id
    grid_factor: Id


class Dated(_Model, Generic[T]):
    """A value with the day from which it is in force (UTC), and where it is from."""

    value: T
    valid_from: Day
    source: Text


class PotlineSection(_Model):
    """[potlines.ID]."""

    name: Text
    pots: Annotated[list[Annotated[Text, AfterValidator(_pot)]], Field(min_length=1)]
    technology: Id
    current_efficiency: Annotated[list[Dated[Percent]], Field(min_length=1)]
    net_anode_consumption: Annotated[
        list[Dated[Annotated[float, _measure("t/t", "0.2 t/t", "0.8 t/t")]]], Field(min_length=1)
    ]
    anode_sulphur: Annotated[float, _measure("%", "0 %", "10 %")]
    anode_ash: Annotated[float, _measure("%", "0 %", "10 %")]
    pot_out_below: Annotated[float, _measure("V", "0 V", "3 V")] = 1.5


class EndpointSection(_Model):
    """[endpoints.ID]."""

    transport: Literal["modbus_tcp"]
    host: Host
    port: Port = 502
    timeout: Annotated[float, _measure("s", "1 ms", "1 min")] = 1.0


class MeterSection(_Model):
    """[meters.ID]."""

    measures: Literal["line_dc", "rectifier_ac", "auxiliary_ac"]
    potline: Id | None = None
    profile: Text
    endpoint: Id
    unit: Annotated[int, _whole(0, 255)]
    every: Annotated[float, _measure("s", "0.1 s", "1 h")] = 5.0
    rated_power: Annotated[float, _measure("kW", "1 W", "10000 MW")]


class BrokerSection(_Model):
    """[brokers.ID]."""

    host: Host
    port: Port = 1883
    protocol: Literal["3.1.1", "5"] = "5"
    site: Id
    client_id: Annotated[Text, _at_most(64), AfterValidator(_client_id)]
    session_expiry: Annotated[float, _measure("s", "1 s", "365 d")] = 7 * 86400.0
    max_unacknowledged: Annotated[int, _whole(1, 65535)] = 2000
    username: Text | None = None
    password_file: Text | None = None


class Settings(BaseSettings):
    """All settings of a collector: its own file, the plant file, and the environment over both."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="POTLINE_", env_nested_delimiter="__")

    plant_file: Text
    profiles_dir: Text
    factors_dir: Text
    store: Store
    accounting: Accounting = Field(default_factory=lambda: Accounting.model_validate({}))
    page: Page = Page()
    log: Log = Log()
    delivery: dict[Id, Delivery] = {}
    plant: PlantSection
    emissions: Emissions
    potlines: dict[Id, PotlineSection]
    endpoints: dict[Id, EndpointSection] = {}
    meters: dict[Id, MeterSection] = {}
    brokers: dict[Id, BrokerSection] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Files and environment are merged by ``sources``, which knows where each value stood."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


class ProfileModbus(_Model):
    """[modbus] of a profile."""

    function: Literal[3, 4]
    word_order: Literal["msw_first", "lsw_first"]
    max_registers: Annotated[int, _whole(1, 125)] = 125
    max_gap: Annotated[int, _whole(0, 124)] = 0
    counter_refresh: Annotated[float, _measure("s", "1 ms", "1 h")] = 10.0


class RegisterSection(_Model):
    """[registers.QUANTITY] of a profile."""

    address: Annotated[int, _whole(0, 65535)]
    type: Literal["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"]
    unit: Text
    scale: Number = 1.0
    offset: Number = 0.0
    word_order: Literal["msw_first", "lsw_first"] | None = None
    wraps_at: Number | None = None


class TestVectorSection(_Model):
    """[[test_vectors]] of a profile."""

    __test__ = False

    of: Annotated[Text, Field(alias="register")]  # the key "register" would hide a method of the base class
    raw: Annotated[Text, AfterValidator(_raw)]
    value: Number
    unit: Text
    origin: Text


class Profile(_Model):
    """A file of config/profiles."""

    title: Text
    vendor: Text
    models: Annotated[list[Text], Field(min_length=1)]
    confidence: Literal["confirmed", "vendor", "single", "design"]
    sources: Annotated[list[Text], Field(min_length=1)]
    modbus: ProfileModbus
    sentinels: dict[Literal["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"], list[str]] = {}
    registers: Annotated[dict[str, RegisterSection], Field(min_length=1)]
    test_vectors: list[TestVectorSection] = []


Verified = Literal["official", "transcription", "own"]


class GridFactorSection(_Model):
    """[ID] of factors/grid_electricity.toml. What the formulas refuse is refused where the plant is built."""

    value: Number
    unit: Literal["kg CO2/kWh", "kg CO2e/kWh"]
    valid_from: Day
    source: Text
    verified: Verified


class GwpSection(_Model):
    """[ID] of factors/gwp.toml."""

    cf4: Number
    c2f6: Number
    source: Text
    verified: Verified


class SlopeRow(_Model):
    """One cell technology of a rule set."""

    slope: Number
    c2f6_per_cf4: Number


class SlopeSection(BaseModel):
    """[METHOD] of factors/pfc_slope.toml: any number of technologies beside source and mark."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, SlopeRow]

    source: Text
    verified: Verified
