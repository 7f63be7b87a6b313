"""What the files said, checked and frozen. Durations in seconds, sizes in bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from collector.plant.alerts import AlertRule, AlertTopic
from collector.plant.balance import BalanceRules
from collector.plant.division import Part
from collector.plant.meter import Tls
from collector.plant.rule_tables import RuleTables
from collector.plant.topology import Plant
from collector.readings.event import EffectOrigin
from collector.readings.outgoing import WhenFull
from collector.settings.assignment import AS_SET, Choice


class InfluxKind(Enum):
    """Which write API a database has."""

    INFLUXDB1 = "influxdb1"
    INFLUXDB2 = "influxdb2"
    INFLUXDB3 = "influxdb3"
    VICTORIAMETRICS = "victoriametrics"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where the store is, how often it is synced, and how much it may keep."""

    path: Path
    commit_every_s: float
    outbox_max_bytes: int
    outbox_max_age_s: float
    when_full: WhenFull
    keep_delivered_s: float
    keep_inputs_s: float
    keep_minutes_s: float


@dataclass(frozen=True, slots=True)
class AccountingSettings:
    """When a minute closes, what counts as covered, and when a ratio is withheld."""

    grace_s: float
    longest_gap_s: float
    least_coverage_pct: float
    longest_tare_age_s: float


@dataclass(frozen=True, slots=True)
class AnodeEffectSettings:
    """How anode effects are found in pot voltages, and whose word counts. ``together`` is a fraction."""

    merging_gap_s: float
    shortest_s: float
    sensor_limit_v: float
    together: float
    same_within_s: float
    precedence: EffectOrigin


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Where the live page listens, the file of the token that it asks for, and its certificate with the key's file."""

    host: str
    port: int
    token_file: Path | None = None
    certificate: tuple[Path, Path] | None = None


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Form and level of the log."""

    json: bool
    level: str


@dataclass(frozen=True, slots=True)
class DeliveryTarget:
    """A database. ``bucket`` is the database's name for InfluxDB 1.x and 3. ``secret_file``: token or password.

    ``backlog_rate`` [lines/s], sent in ``requests`` at once. Only lines of ``streams``, or all where none are named.
    ``tls`` is for an address with https.
    """

    name: str
    kind: InfluxKind
    url: str
    org: str
    bucket: str
    create: bool
    username: str | None
    secret_file: Path | None
    timeout_s: float
    max_body_bytes: int
    backlog_rate: int
    requests: int
    streams: tuple[str, ...]
    proxy: str | None
    tls: Tls


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that was configured.

    ``parts`` are the collectors that the plant is divided between, and ``part`` is what this one looks after, by its
    ``choice``; None: all of the plant. ``lines_share_a_contract``: market-based electricity of its lines follows from
    what only another collector knows; ``price_withheld``: so does the relief of their price.
    """

    plant: Plant
    store: StoreSettings
    accounting: AccountingSettings
    anode_effects: AnodeEffectSettings
    page: PageSettings
    log: LogSettings
    targets: tuple[DeliveryTarget, ...]
    rules: RuleTables = field(default_factory=RuleTables)
    balances: Mapping[str, BalanceRules] = field(default_factory=dict)
    alerts: tuple[AlertRule, ...] = ()
    alert_topic: AlertTopic | None = None
    choice: Choice = AS_SET
    parts: tuple[Part, ...] = ()
    part: Part | None = None
    lines_share_a_contract: bool = False
    price_withheld: bool = False

    @property
    def lines_of_nobody(self) -> tuple[str, ...]:
        """Potlines that no collector of the plant file looks after; none where the plant is not divided."""
        held = {potline for part in self.parts for potline in part.potlines}
        known = (*(potline.id for potline in self.plant.potlines), *self.plant.elsewhere.potlines)
        return tuple(potline for potline in known if self.parts and potline not in held)
