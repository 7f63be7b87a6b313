"""The shape of the files: every key, its type, its bounds. Names and defaults are explained in config/*.toml."""

from datetime import date
from typing import Annotated, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from collector.readings import units

T = TypeVar("T")


def _with_unit(unit: str) -> BeforeValidator:
    def read(value: object) -> float:
        if not isinstance(value, str):
            raise ValueError(f'a bare {value!r} has no unit; write it like "60 {unit}"')  # noqa: TRY004 - pydantic collects ValueErrors
        return units.parse(value, unit)

    return BeforeValidator(read)


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"'{name}' is no time zone; write it like 'Asia/Shanghai'") from exc
    return name


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)]
Seconds = Annotated[float, _with_unit("s"), Field(gt=0)]
Kilowatts = Annotated[float, _with_unit("kW"), Field(gt=0)]
Volts = Annotated[float, _with_unit("V"), Field(ge=0)]
Bytes = Annotated[float, _with_unit("B"), Field(ge=1024)]
Percent = Annotated[float, _with_unit("%"), Field(ge=0, le=100)]
Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, StringConstraints(pattern=r"^[^\s/]+$", max_length=253)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Store(_Model):
    """[store]."""

    path: Text
    commit_every: Seconds = Field(1.0, le=10)
    outbox_max_bytes: Bytes = 2.0 * 1024**3
    outbox_max_age: Seconds = 7 * 86400.0
    keep_inputs: Seconds = Field(45 * 86400.0, ge=2 * 86400)
    keep_minutes: Seconds = Field(400 * 86400.0, ge=2 * 86400)


class Accounting(_Model):
    """[accounting]."""

    grace: Seconds = Field(10.0, le=3600)
    longest_gap: Seconds = Field(60.0, le=3600)
    least_coverage: Percent = 90.0
    longest_tare_age: Seconds = 8 * 3600.0


class Page(_Model):
    """[page]."""

    listen: Annotated[str, StringConstraints(pattern=r"^\S+:\d{1,5}$")] = "127.0.0.1:8080"


class Log(_Model):
    """[log]."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Delivery(_Model):
    """[delivery.NAME]."""

    kind: Literal["influxdb1", "influxdb2"]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
    org: Text | None = None
    bucket: Text | None = None
    token_file: Text | None = None
    database: Text | None = None
    create_database: bool = False
    username: Text | None = None
    password_file: Text | None = None
    timeout: Seconds = Field(10.0, le=300)
    max_body: Bytes = 1024.0**2


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
    valid_from: date
    source: Text


class PotlineSection(_Model):
    """[potlines.ID]."""

    name: Text
    pots: Annotated[list[Text], Field(min_length=1)]
    technology: Id
    current_efficiency: Annotated[list[Dated[Percent]], Field(min_length=1)]
    net_anode_consumption: Annotated[
        list[Dated[Annotated[float, _with_unit("t/t"), Field(ge=0.2, le=0.8)]]], Field(min_length=1)
    ]
    anode_sulphur: Annotated[Percent, Field(le=10)]
    anode_ash: Annotated[Percent, Field(le=10)]
    pot_out_below: Volts = 1.5


class EndpointSection(_Model):
    """[endpoints.ID]."""

    transport: Literal["modbus_tcp"]
    host: Host
    port: Port = 502
    timeout: Seconds = Field(1.0, le=60)


class MeterSection(_Model):
    """[meters.ID]."""

    measures: Literal["line_dc", "rectifier_ac", "auxiliary_ac"]
    potline: Id | None = None
    profile: Text
    endpoint: Id
    unit: Annotated[int, Field(ge=0, le=255)]
    every: Seconds = Field(5.0, ge=0.1, le=3600)
    rated_power: Kilowatts


class BrokerSection(_Model):
    """[brokers.ID]."""

    host: Host
    port: Port = 1883
    protocol: Literal["3.1.1", "5"] = "5"
    site: Id
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    session_expiry: Seconds = Field(7 * 86400.0, le=86400.0 * 365)
    max_unacknowledged: Annotated[int, Field(ge=1, le=65535)] = 2000
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
    max_registers: Annotated[int, Field(ge=1, le=125)] = 125
    max_gap: Annotated[int, Field(ge=0, le=124)] = 0


class RegisterSection(_Model):
    """[registers.QUANTITY] of a profile."""

    address: Annotated[int, Field(ge=0, le=65535)]
    type: Literal["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"]
    unit: Text
    scale: float = Field(1.0, allow_inf_nan=False)
    offset: float = Field(0.0, allow_inf_nan=False)
    word_order: Literal["msw_first", "lsw_first"] | None = None
    wraps_at: Annotated[float, Field(gt=0)] | None = None


class TestVectorSection(_Model):
    """[[test_vectors]] of a profile."""

    __test__ = False

    of: Annotated[Text, Field(alias="register")]  # the key "register" would hide a method of the base class
    raw: Annotated[str, StringConstraints(pattern=r"^(?:[0-9A-Fa-f]{4})+$")]
    value: float
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
    """[ID] of factors/grid_electricity.toml."""

    value: Annotated[float, Field(ge=0, le=3)]
    unit: Literal["kg CO2/kWh", "kg CO2e/kWh"]
    valid_from: date
    source: Text
    verified: Verified


class GwpSection(_Model):
    """[ID] of factors/gwp.toml."""

    cf4: Annotated[float, Field(gt=1000, lt=100000)]
    c2f6: Annotated[float, Field(gt=1000, lt=100000)]
    source: Text
    verified: Verified


class SlopeRow(_Model):
    """One cell technology of a rule set."""

    slope: Annotated[float, Field(gt=0, lt=10)]
    c2f6_per_cf4: Annotated[float, Field(ge=0, lt=2)]


class SlopeSection(BaseModel):
    """[METHOD] of factors/pfc_slope.toml: any number of technologies beside source and mark."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, SlopeRow]

    source: Text
    verified: Verified
