"""Alert rules in the settings: what they mean, and every mistake with its place and its remedy."""

import pytest
from settings_folder import COLLECTOR, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.alerts import AlertRule, Severity, Side

METER = 'stream = "meter"\nfield = "active_power_kw"\n'
HOUR = 'stream = "energy_intensity"\nfield = "kwh_per_t"\n'


def told(folder: SettingsFolder, rule: str, more: str = "") -> list[str]:
    """Return what is wrong with the rule r."""
    folder.add(COLLECTOR, f"[alerts.r]\n{rule}\n{more}")
    return folder.problems()


def test_a_rule_means_this(settings_folder: SettingsFolder) -> None:
    rule = (
        f'{METER}where = {{ meter = "ac", potline = ["PL1"] }}\nabove = "60 MW"\nresolves_below = "58000 kW"\n'
        'for = "5min"\nresolves_after = "30 s"\nsilent_for = "10min"\nseverity = "critical"\ntext = "{meter}: {value}"'
    )
    settings_folder.add(COLLECTOR, f"[alerts.too-much]\n{rule}\n")
    assert settings_folder.load().alerts == (
        AlertRule(
            name="too-much",
            stream="meter",
            field="active_power_kw",
            where={"meter": ("ac",), "potline": ("PL1",)},
            side=Side.ABOVE,
            limit=60_000.0,
            resolves_at=58_000.0,
            unit="kW",
            for_s=300.0,
            resolves_after_s=30.0,
            silent_for_s=600.0,
            severity=Severity.CRITICAL,
            text="{meter}: {value}",
        ),
    )


def test_counts_money_and_factors_are_plain_numbers(settings_folder: SettingsFolder) -> None:
    settings_folder.add(
        COLLECTOR,
        '[alerts.pots]\nstream = "potline"\nfield = "pots_operating"\nbelow = 4\n'
        '[alerts.money]\nstream = "power_price_tier"\nfield = "surcharge_cny"\nabove = 1e6\n'
        '[alerts.late]\nstream = "collector"\nfield = "poll_late_total"\nabove = 10\n',
    )
    rules = settings_folder.load().alerts
    assert [(rule.side, rule.limit, rule.resolves_at) for rule in rules] == [
        (Side.BELOW, 4.0, 4.0),
        (Side.ABOVE, 1e6, 1e6),
        (Side.ABOVE, 10.0, 10.0),
    ]


def test_the_environment_sets_a_limit(settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_folder.add(COLLECTOR, f'[alerts.r]\n{METER}above = "60 MW"\n')
    monkeypatch.setenv("POTLINE_ALERTS__R__ABOVE", "50 MW")
    assert [rule.limit for rule in settings_folder.load().alerts] == [50_000.0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            'stream = "metre"\nfield = "x"\nabove = "1 kW"',
            ["7 alerts.r.stream: 'metre' is no stream; did you mean 'meter'?"],
        ),
        (
            'stream = "meter"\nfield = "activ_power_kw"\nabove = "1 kW"',
            ["8 alerts.r.field: 'activ_power_kw' is no field of meter in this plant; did you mean 'active_power_kw'?"],
        ),
        (
            f'{METER}where = {{ window = "hour" }}\nabove = "1 kW"',
            ["9 alerts.r.where.window: 'window' is no tag of meter; one of: meter, plant, potline"],
        ),
        (
            f'{METER}where = {{ meter = "ad" }}\nabove = "1 kW"',
            ["9 alerts.r.where.meter: 'ad' is no meter; one of: ac, dc"],
        ),
        (
            f'{METER}where = {{ meter = "dc" }}\nabove = "1 kW"',
            ["9 alerts.r.where: no meter with active_power_kw is like that; correct it"],
        ),
        (
            f'{HOUR}where = {{ window = ["hour", "hours"] }}\nabove = "1 kWh/t"',
            ["9 alerts.r.where.window[1]: 'hours' is no window; did you mean 'hour'?"],
        ),
        (
            f'{METER}above = "60 kWh"',
            ["9 alerts.r.above: 'kWh' measures energy, and power is needed here; one of: W, kW, MW"],
        ),
        (f"{METER}above = 60", ["9 alerts.r.above: '60' is not a number with a unit; write it like '60 kW'"]),
        (
            'stream = "potline"\nfield = "pots_operating"\nbelow = "4 t"',
            ["9 alerts.r.below: '4 t' is no number, and this field has no unit; write it like 3"],
        ),
        (
            f'{METER}above = "60 MW"\nresolves_below = "61 MW"',
            [
                "10 alerts.r.resolves_below: 61 MW is above the limit, 60 MW; give the same or less, or leave it out",
            ],
        ),
        (
            f'{METER}below = "60 MW"\nresolves_above = "59 MW"',
            [
                "10 alerts.r.resolves_above: 59 MW is below the limit, 60 MW; give the same or more, or leave it out",
            ],
        ),
        (
            f'{METER}above = "60 MW"\nresolves_above = "59 MW"',
            ["10 alerts.r.resolves_above: is for a rule with below; add below, or remove it"],
        ),
        (
            f'{METER}above = "60 MW"\nbelow = "1 MW"',
            ["10 alerts.r.below: is given beside above; make two rules of it"],
        ),
        (METER, ["6 alerts.r: has no limit; add above or below, or silent_for"]),
        (
            f'{METER}silent_for = "1min"\nfor = "5min"',
            ["10 alerts.r.for: needs a limit; add above or below, or remove it"],
        ),
        (
            f'{METER}above = "1 kW"\ntext = "{{metr}} has {{value}}"',
            ["10 alerts.r.text: 'metr' is no placeholder here; did you mean 'meter'?"],
        ),
        (
            f'{METER}above = "1 kW"\ntext = "{{value:.1f}} kW"',
            ["10 alerts.r.text: {value} has a format of its own; write {value} alone"],
        ),
        (
            f'{METER}above = "1 kW"\ntext = "}}"',
            ["10 alerts.r.text: holds a single { or }; write {{ and }} where they are no placeholder"],
        ),
        (
            f'{METER}above = "1 kW"\nfor = 5',
            ['10 alerts.r.for: 5 has no unit; write it with its unit, like "60 s"'],
        ),
        (
            f'{METER}above = "1 kW"\nseverity = "bad"',
            [
                '10 alerts.r.severity: \'bad\' is not possible here; write "info", "warning" or "critical"',
            ],
        ),
        (
            f'{METER}abov = "1 kW"\nsilent_for = "1min"',
            ["9 alerts.r.abov: is not a setting; did you mean 'above'?"],
        ),
        (
            f"{METER}above = true",
            ['9 alerts.r.above: true is no limit; write it with its unit, like "4.5 V"'],
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_remedy(
    settings_folder: SettingsFolder, rule: str, expected: list[str]
) -> None:
    assert told(settings_folder, rule) == [f"config/{COLLECTOR}:{each}" for each in expected]


def test_a_rule_cannot_have_the_name_of_an_own_alert(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, f'[alerts.energy_balance]\n{METER}above = "1 kW"\n')
    assert settings_folder.problems() == [
        (
            f"config/{COLLECTOR}:6 alerts.energy_balance: energy_balance is an alert that the collector has of itself;"
            " give it another name"
        )
    ]


def test_several_wrong_rules_are_told_at_once(settings_folder: SettingsFolder) -> None:
    problems = told(
        settings_folder, METER, f'[alerts.s]\n{METER}above = "1 t"\n[alerts.t]\nstream = "x"\nfield = "y"\n'
    )
    assert [problem.split(": ")[0].split(" ")[1] for problem in problems] == [
        "alerts.r",
        "alerts.s.above",
        "alerts.t.stream",
    ]


def test_rules_in_the_plant_file_are_sent_to_where_they_belong(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, f'[alerts.r]\n{METER}above = "1 kW"\n')
    [problem] = settings_folder.problems()
    assert "alerts: is no section of a plant file" in problem


def test_where_alerts_are_told_over_mqtt(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, '[alert_mqtt]\nbroker = "potroom"\n')
    topic = settings_folder.load().alert_topic
    assert topic is not None
    assert (topic.broker.id, topic.topic) == ("potroom", "potline/{plant}/alert/{rule}/{series}")


def test_the_session_of_the_alerts_has_a_name_of_its_own(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, '[brokers.b]\nhost = "127.0.0.1"\nsite = "x"\nclient_id = "potline-north-alerts"\n')
    settings_folder.add(COLLECTOR, '[alert_mqtt]\nbroker = "potroom"\n')
    what = "alerts are told as potline-north-alerts, which is the client_id of b at the same broker"
    assert settings_folder.problems() == [f"config/{COLLECTOR}:7 alert_mqtt.broker: {what}; change that client_id"]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ('broker = "x"', "7 alert_mqtt.broker: there is no broker 'x'; one of: potroom"),
        (
            'broker = "potroom"\ntopic = "alerts/{rule}"',
            (
                "8 alert_mqtt.topic: has no {rule} or no {series}, so that alerts would overwrite each other's retained"
                " message; write it like potline/{plant}/alert/{rule}/{series}"
            ),
        ),
        (
            'broker = "potroom"\ntopic = "a/{rule}/{serie}/{series}"',
            "8 alert_mqtt.topic: 'serie' is no placeholder here; did you mean 'series'?",
        ),
        (
            'broker = "potroom"\ntopic = "a/{rule}/+/{series}"',
            "8 alert_mqtt.topic: 'a/{rule}/+/{series}' is no topic to publish to; write it without spaces, + and #",
        ),
        ("", "6 alert_mqtt.broker: is missing; add it"),
    ],
)
def test_what_is_wrong_with_the_topic_is_told(settings_folder: SettingsFolder, section: str, expected: str) -> None:
    settings_folder.add(COLLECTOR, f"[alert_mqtt]\n{section}\n")
    assert settings_folder.problems() == [f"config/{COLLECTOR}:{expected}"]
