"""The compose project and the container image: what can be known without a container engine."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONTAINERFILE = (ROOT / "deploy" / "container" / "Containerfile").read_text(encoding="utf-8")

# A version of three numbers; 'latest' and '2' are another program tomorrow.
PINNED = re.compile(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*")


def mounts() -> list[tuple[str, str, str]]:
    """List service, source and target of every volume, with the defaults of variables."""
    return [
        (name, source, target)
        for name, service in SERVICES.items()
        for volume in service.get("volumes", [])
        for source, target, *_ in [re.sub(r"\$\{\w+:-(.+?)\}", r"\1", volume).split(":")]
    ]


def mounted(service: str, target: str) -> Path:
    """Find the file of the project that a container sees at a path."""
    (source,) = [source for name, source, seen in mounts() if (name, seen) == (service, target)]
    return FOLDER / source


def test_every_mounted_file_is_in_the_project_and_every_volume_is_declared() -> None:
    for name, source, _ in mounts():
        if source.startswith("."):
            assert (FOLDER / source).exists(), f"{name}: {source}"
        else:
            assert source in COMPOSE["volumes"], f"{name}: {source}"
    assert {source for _, source, _ in mounts() if not source.startswith(".")} == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_bound_to_this_machine_unless_the_plant_says_otherwise(name: str) -> None:
    assert SERVICES[name].get("network_mode") != "host"
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"(127\.0\.0\.1|\$\{\w+:-127\.0\.0\.1\}):\d+:\d+", port)


@pytest.mark.parametrize("name", SERVICES)
def test_configuration_is_mounted_read_only_and_nothing_gains_rights(name: str) -> None:
    assert "privileged" not in SERVICES[name]
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    for volume in SERVICES[name].get("volumes", []):
        assert not volume.startswith((".", "$")) or volume.endswith(":ro")


def test_the_collector_is_not_root_and_cannot_change_its_image() -> None:
    collector = SERVICES["collector"]
    assert collector["read_only"] is True
    assert collector["cap_drop"] == ["ALL"]
    uid = collector["user"]
    assert not uid.startswith("0")
    assert f"USER {uid}" in CONTAINERFILE
    # A named volume takes owner and rights from the image's folder.
    owner, _, group = uid.partition(":")
    assert f"install -d -o {owner} -g {group} -m 0750 /var/lib/potline" in CONTAINERFILE
    assert "state:/var/lib/potline" in collector["volumes"]


def test_secrets_are_files_that_the_project_does_not_have() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}.txt"}
    readme = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    for name in used:
        assert f"{name}.txt" in readme
    assert (FOLDER / "secrets" / ".gitignore").read_text(encoding="utf-8").splitlines()[-2:] == ["*", "!.gitignore"]


def test_no_password_stands_in_plain_text() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("_FILE")
                assert str(value).startswith("/run/secrets/")
    for file in (ROOT / "deploy").rglob("*"):
        if file.is_file() and file.suffix in {".toml", ".yaml", ".conf", ".sh", ".service"}:
            for found in re.finditer(
                r"(?im)^[ \t]*(?:password|token)\s*[=:]\s*(\S.*)$", file.read_text(encoding="utf-8")
            ):
                assert found[1].startswith("$__file{"), f"{file.name}: {found[0]}"


def test_files_named_in_settings_are_secrets_of_that_service() -> None:
    for name, service in SERVICES.items():
        if "profiles" in service:
            continue
        texts = [str(service.get("environment", ""))]
        texts += [
            part.read_text(encoding="utf-8")
            for source in (FOLDER / source for user, source, _ in mounts() if user == name and source.startswith("."))
            for part in ([source] if source.is_file() else [file for file in source.iterdir() if file.is_file()])
        ]
        named = set(re.findall(r"/run/secrets/(\w+)", "\n".join(texts)))
        assert named == set(service.get("secrets", [])), name


def _keys(table: dict[str, Any], above: str = "") -> set[str]:
    keys = set()
    for key, value in table.items():
        # Databases have names of the plant's own choice.
        step = "*" if above == "delivery." else key
        keys |= _keys(value, f"{above}{step}.") if isinstance(value, dict) else {above + step}
    return keys


def test_the_collectors_settings_are_keys_of_the_documented_configuration() -> None:
    text = (ROOT / "config" / "collector.toml").read_text(encoding="utf-8")
    # A single '#' shows a default or an example.
    documented = re.sub(r"(?m)^# (?=[\[\w])", "", text)
    ours = tomllib.loads(mounted("collector", "/etc/potline/collector.toml").read_text(encoding="utf-8"))
    assert _keys(ours) <= _keys(tomllib.loads(documented))


def test_the_collectors_database_is_the_one_that_is_set_up() -> None:
    ours = tomllib.loads(mounted("collector", "/etc/potline/collector.toml").read_text(encoding="utf-8"))
    database = SERVICES["influxdb"]["environment"]
    delivery = ours["delivery"]["influx"]
    assert delivery["kind"] == "influxdb2"
    assert delivery["url"] == "http://influxdb:8086"
    assert delivery["org"] == database["DOCKER_INFLUXDB_INIT_ORG"]
    assert delivery["bucket"] == database["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert ours["page"]["listen"].endswith(":8080")


def test_the_plant_is_the_example_with_other_addresses() -> None:
    def without_addresses(file: Path) -> dict[str, Any]:
        plant = tomllib.loads(file.read_text(encoding="utf-8"))
        for place in (*plant["endpoints"].values(), *plant["brokers"].values()):
            for key in ("host", "port", "username", "password_file"):
                place.pop(key, None)
        return plant

    ours = mounted("collector", "/etc/potline/plant.toml")
    assert without_addresses(ours) == without_addresses(ROOT / "config" / "plants" / "example.toml")
    (broker,) = tomllib.loads(ours.read_text(encoding="utf-8"))["brokers"].values()
    assert broker["host"] in SERVICES


def test_the_demonstration_finds_its_plant_where_its_scenario_says() -> None:
    simulator = SERVICES["simulator"]
    assert simulator["profiles"] == ["demo"]
    # Simulator and broker listen on loopback only: it must be the collector's.
    for service in (simulator, SERVICES["demo-broker"]):
        assert service["network_mode"] == "service:collector"
    inside = Path(simulator["command"][1])
    scenario = mounted("simulator", str(inside.parent)) / inside.name
    config = mounted("simulator", "/srv/config")
    for key, file in tomllib.loads(scenario.read_text(encoding="utf-8")).items():
        if key in {"plant", "profiles", "factors", "layouts"}:
            seen = os.path.normpath(inside.parent / file)
            assert (config / Path(seen).relative_to("/srv/config")).exists()


def test_grafana_finds_its_data_source_and_dashboards() -> None:
    provider = yaml.safe_load(
        (mounted("grafana", "/etc/grafana/provisioning/dashboards") / "potline.yaml").read_text(encoding="utf-8")
    )["providers"][0]
    assert (mounted("grafana", provider["options"]["path"]) / "potline.json").is_file()
    rules = mounted("grafana", "/etc/grafana/provisioning/alerting") / "potline.yaml"
    assert yaml.safe_load(rules.read_text(encoding="utf-8"))["apiVersion"] == 1
    source = yaml.safe_load(
        (mounted("grafana", "/etc/grafana/provisioning/datasources") / "potline.yaml").read_text(encoding="utf-8")
    )["datasources"][0]
    script = FOLDER / "influxdb-init" / "10-influxql.sh"
    text = script.read_text(encoding="utf-8")
    assert f"--db {source['jsonData']['dbName']} " in text
    assert f"--username {source['basicAuthUser']} " in text
    # The image passes over files that are not executable.
    assert os.access(script, os.X_OK)


def test_the_broker_keeps_what_the_collector_has_not_taken() -> None:
    lines = (FOLDER / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    settings = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    assert settings["persistence"] == "true"
    assert settings["persistence_location"] == "/mosquitto/data/"
    assert settings["allow_anonymous"] == "false"
    assert settings["max_queued_messages"] == "0"
    assert int(settings["max_queued_bytes"]) > 0


def test_the_image_is_made_of_locked_wheels_on_a_pinned_base() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", CONTAINERFILE)
    assert len(set(bases)) == 1
    assert PINNED.fullmatch(bases[0])
    installs = re.findall(r"pip install ([^&\n]+)", CONTAINERFILE)
    assert installs
    for arguments in installs:
        assert ("--require-hashes" in arguments and ".lock" in arguments) or "--no-index" in arguments
    for sources in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", CONTAINERFILE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
