"""The shape of the files: every key, its type, its bounds. Names and defaults are explained in config/*.toml.

The shape of a profile stands in ``profile_models``; that of factors, contracts, limits and fuels in
``parameter_models``.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from collector.settings.alert_models import AlertMqttSection, AlertSection
from collector.settings.declaration_models import CbamSettings, ChinaEtsSettings, ProductSection
from collector.settings.fields import (
    Day,
    Host,
    Id,
    NumberOfText,
    Percent,
    Port,
    Switch,
    Text,
    Topic,
    at_most,
    broker_hosts,
    client_id,
    level,
    listen_address,
    measure,
    pot_number,
    serial_device,
    time_zone,
    web_address,
    whole,
)
from collector.settings.parameter_models import (
    AccuracyClass,
    Allocate,
    BalanceSection,
    CasthouseSection,
    CertificatesSection,
    ContractSection,
    Dated,
    Emissions,
    Footprint,
    FuelSection,
    LimitRuleChoice,
    LimitSection,
    LowVoltageSection,
    PasteSection,
    PriceSection,
    SodaAshSection,
    Surely,
    TargetsSection,
    Technology,
)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Store(_Model):
    """[store]."""

    path: Text
    commit_every: Annotated[float, measure("s", "1 ms", "10 s")] = 1.0
    outbox_max_bytes: Annotated[float, measure("B", "1 KiB", "16384 GiB")] = 2.0 * 1024**3
    outbox_max_age: Annotated[float, measure("s", "1 s", "36500 d")] = 7 * 86400.0
    when_full: Literal["drop_oldest", "block"] = "drop_oldest"
    keep_delivered: Annotated[float, measure("s", "0 s", "36500 d")] = 86400.0
    keep_inputs: Annotated[float, measure("s", "2 d", "36500 d")] = 45 * 86400.0
    keep_minutes: Annotated[float, measure("s", "2 d", "36500 d")] = 400 * 86400.0


class Accounting(_Model):
    """[accounting]."""

    grace: Annotated[float, measure("s", "1 ms", "1 h")] = 10.0
    longest_gap: Annotated[float, measure("s", "1 ms", "1 h")] = 60.0
    least_coverage: Percent = 90.0
    longest_tare_age: Annotated[float, measure("s", "1 s", "30 d")] = 8 * 3600.0


class AnodeEffects(_Model):
    """[anode_effects]."""

    merging_gap: Annotated[float, measure("s", "0 s", "2 h")] = 15 * 60.0
    shortest: Annotated[float, measure("s", "0 s", "5 min")] = 0.0
    sensor_limit: Annotated[float, measure("V", "20 V", "100 V")] = 60.0
    together: Annotated[float, measure("%", "10 %", "100 %")] = 50.0
    same_within: Annotated[float, measure("s", "0 s", "30 min")] = 60.0
    precedence: Literal["controller", "voltage"] = "controller"
    startup: Literal["apart", "counted"] | None = None


class Page(_Model):
    """[page]."""

    listen: Annotated[Text, AfterValidator(listen_address)] = "127.0.0.1:8080"
    token_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None


class Log(_Model):
    """[log]."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Delivery(_Model):
    """[delivery.NAME]."""

    kind: Literal["influxdb1", "influxdb2", "influxdb3", "victoriametrics"]
    url: Annotated[Text, AfterValidator(web_address)]
    org: Text | None = None
    bucket: Text | None = None
    create_bucket: Switch = False
    token_file: Text | None = None
    database: Text | None = None
    create_database: Switch = False
    username: Text | None = None
    password_file: Text | None = None
    timeout: Annotated[float, measure("s", "1 ms", "5 min")] = 10.0
    max_body: Annotated[float, measure("B", "1 KiB", "64 MiB")] = 1024.0**2
    backlog_rate: Annotated[int, whole(100, 100_000_000)] = 1_000_000
    requests: Annotated[int, whole(1, 16)] = 2
    streams: list[Text] | None = None
    proxy: Annotated[Text, AfterValidator(web_address)] | None = None
    ca_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None
    server_name: Host | None = None


class PlantSection(_Model):
    """[plant]."""

    id: Id
    name: Text
    time_zone: Annotated[str, AfterValidator(time_zone)]
    shifts: dict[str, Text] = {}
    day_starts: Text = "00:00"


class TappingSection(_Model):
    """[tapping]."""

    largest_crucible: Annotated[float, measure("t", "0.5 t", "100 t")]
    counts: Literal["weighings", "production"] = "weighings"
    final: list[Text] = ["final"]
    tapped: list[Text] = ["tapped"]
    reconciled: list[Text] = ["tapped+inventory_change"]
    books_uncertainty: Surely | None = None
    metal_height: Text | None = None
    height_uncertainty: Annotated[float, measure("cm", "0.01 cm", "10 cm")] | None = None
    height_longest_age: Annotated[float, measure("s", "1 h", "30 d")] | None = None
    height_least_measured: Percent = 90.0


class StartupSection(_Model):
    """A row of [potlines.ID] startups."""

    pot: Annotated[Text, AfterValidator(pot_number)]
    valid_from: Day
    valid_to: Day


class PotlineSection(_Model):
    """[potlines.ID]."""

    name: Text
    pots: Annotated[list[Annotated[Text, AfterValidator(pot_number)]], Field(min_length=1)]
    technology: Id
    current_efficiency: Annotated[list[Dated[Percent]], Field(min_length=1)]
    net_anode_consumption: (
        Annotated[list[Dated[Annotated[float, measure("t/t", "0.2 t/t", "0.8 t/t")]]], Field(min_length=1)] | None
    ) = None
    anode_sulphur: Annotated[float, measure("%", "0 %", "10 %")] | None = None
    anode_ash: Annotated[float, measure("%", "0 %", "10 %")] | None = None
    anode_assay: Id | None = None
    anode_method: Literal["net_consumption", "tier1", "paste"] = "net_consumption"
    pfc_method: Literal["slope", "overvoltage", "tier1"] = "slope"
    low_voltage: LowVoltageSection | None = None
    paste: PasteSection | None = None
    pot_out_below: Annotated[float, measure("V", "0 V", "3 V")] = 1.5
    weighing_uncertainty: Surely | None = None
    metal_per_height: list[Dated[Annotated[float, measure("kg/cm", "10 kg/cm", "2000 kg/cm")]]] = []
    idle_busbar_loss: list[Dated[Annotated[float, measure("%", "0 %", "10 %")]]] = []
    line_losses: list[Dated[Annotated[float, measure("%", "0 %", "10 %")]]] = []
    anode_effect_above: Annotated[float, measure("V", "6 V", "10 V")] = 8.0
    anode_effect_below: Annotated[float, measure("V", "5 V", "10 V")] | None = None
    startups: list[StartupSection] = []
    balance: BalanceSection | None = None


class CollectorSection(_Model):
    """[collectors.ID]."""

    potlines: Annotated[list[Id], Field(min_length=1)]
    shared: Switch = False


class EndpointSection(_Model):
    """[endpoints.ID]."""

    transport: Literal["modbus_tcp", "modbus_tls", "rtu_over_tcp", "ascii_over_tcp", "modbus_rtu", "modbus_ascii"]
    host: Host | None = None
    port: Port | None = None
    timeout: Annotated[float, measure("s", "1 ms", "1 min")] = 1.0
    pause_after_connect: Annotated[float, measure("s", "0 s", "1 min")] = 0.0
    pause_between: Annotated[float, measure("s", "0 s", "10 s")] = 0.0
    lenient_transaction_id: Switch = False
    ca_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None
    server_name: Host | None = None
    device: Annotated[Text, AfterValidator(serial_device)] | None = None
    baud: Annotated[int, whole(300, 4_000_000)] | None = None
    parity: Literal["none", "even", "odd"] | None = None
    stop_bits: Annotated[int, whole(1, 2)] | None = None
    data_bits: Annotated[int, whole(7, 8)] | None = None


class MeterSection(_Model):
    """[meters.ID]. Where ``for`` or ``from_csv`` stands, ``expansion`` has made many tables without it of this one."""

    for_: Annotated[object, Field(alias="for")] = None
    from_csv: object = None
    measures: Literal[
        "line_dc",
        "rectifier_ac",
        "auxiliary_ac",
        "startup_ac",
        "desulphurisation_ac",
        "casthouse_ac",
        "incomer_ac",
        "generation",
        "stack",
        "monitored",
    ]
    potline: Id | None = None
    profile: Text | None = None
    endpoint: Id | None = None
    unit: Annotated[int, whole(0, 255)] | None = None
    base: Annotated[int, whole(-65535, 65535)] = 0
    every: Annotated[float, measure("s", "0.1 s", "1 h")] = 5.0
    rated_power: Annotated[float, measure("kW", "1 W", "10000 MW")] | None = None
    also: list[Text] = []
    constants: dict[str, NumberOfText] = {}
    broker: Id | None = None
    address: Text | None = None
    quantities: list[Text] = []
    uncertainty: Surely | None = None
    standard_uncertainty: Surely | None = None
    class_: Annotated[AccuracyClass | None, Field(alias="class")] = None
    ct_class: AccuracyClass | None = None
    vt_class: AccuracyClass | None = None
    stack: Id | None = None
    conditions: Literal["duct", "normal_dry"] | None = None
    technology: Technology | None = None
    allocate: Allocate | None = None
    wraps_at: dict[str, Text] = {}


class SparkplugSection(_Model):
    """[brokers.ID.sparkplug]."""

    groups: Annotated[list[Annotated[Text, AfterValidator(level)]], Field(min_length=1)]
    host_id: Annotated[Text, AfterValidator(level)] | None = None
    primary: Switch = False
    allow_rebirth: Switch = False
    reorder: Annotated[float, measure("s", "0 s", "1 min")] = 2.0
    metrics: Id = "sparkplug-pots"


class BrokerSection(_Model):
    """[brokers.ID]."""

    host: Annotated[str | list[str], BeforeValidator(broker_hosts)]
    port: Port | None = None
    protocol: Literal["3.1.1", "5"] = "5"
    site: Id
    layouts: list[Id] = ["smelter-v1"]
    client_id: Annotated[Text, at_most(64), AfterValidator(client_id)]
    session_expiry: Annotated[float, measure("s", "1 s", "365 d")] = 7 * 86400.0
    keepalive: Annotated[float, measure("s", "1 s", "1 h")] = 30.0
    max_unacknowledged: Annotated[int, whole(1, 65535)] = 2000
    qos: Annotated[int, whole(0, 2)] = 1
    share: Annotated[Text, AfterValidator(level)] | None = None
    status_topic: Topic = "potline/{client_id}/status"
    username: Text | None = None
    password_file: Text | None = None
    tls: Switch = False
    ca_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None
    server_name: Host | None = None
    sparkplug: SparkplugSection | None = None


class Settings(BaseSettings):
    """All settings of a collector: its own file, the plant file, and the environment over both."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="POTLINE_", env_nested_delimiter="__")

    plant_file: Text
    profiles_dir: Text
    factors_dir: Text
    layouts_dir: Text = "layouts"
    collector: Text | None = None
    store: Store
    accounting: Accounting = Field(default_factory=lambda: Accounting.model_validate({}))
    anode_effects: AnodeEffects = Field(default_factory=lambda: AnodeEffects.model_validate({}))
    page: Page = Page()
    log: Log = Log()
    delivery: dict[Id, Delivery] = {}
    alerts: dict[Id, AlertSection] = {}
    alert_mqtt: AlertMqttSection | None = None
    plant: PlantSection
    emissions: Emissions
    potlines: dict[Id, PotlineSection]
    endpoints: dict[Id, EndpointSection] = {}
    meters: dict[Id, MeterSection] = {}
    brokers: dict[Id, BrokerSection] = {}
    collectors: dict[Id, CollectorSection] = {}
    contracts: dict[Id, ContractSection] = {}
    certificates: CertificatesSection | None = None
    limits: dict[Id, LimitSection] = {}
    targets: TargetsSection = TargetsSection()
    price: PriceSection | None = None
    tapping: TappingSection | None = None
    footprint: Footprint = Footprint()
    fuels: dict[Id, FuelSection] = {}
    soda_ash: SodaAshSection | None = None
    casthouse: CasthouseSection | None = None
    limit_rules: dict[Id, LimitRuleChoice] = {}
    product: ProductSection = Field(default_factory=lambda: ProductSection.model_validate({}))
    cbam: CbamSettings = Field(default_factory=lambda: CbamSettings.model_validate({}))
    china_ets: ChinaEtsSettings = ChinaEtsSettings()

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
