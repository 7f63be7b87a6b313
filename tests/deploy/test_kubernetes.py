"""The Kubernetes manifest: its schemas, what the pod is denied, and that its settings are the collector's."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from collector.page import server
from collector.settings import load

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "deploy" / "kubernetes" / "potline.yaml"
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))
BY_KIND: dict[str, dict[str, Any]] = {item["kind"]: item for item in OBJECTS}
STATEFUL: dict[str, Any] = BY_KIND["StatefulSet"]["spec"]
POD: dict[str, Any] = STATEFUL["template"]["spec"]
CONTAINERS: list[dict[str, Any]] = POD["initContainers"] + POD["containers"]
SETTINGS: dict[str, str] = BY_KIND["ConfigMap"]["data"]
CONTAINERFILE = (ROOT / "deploy" / "container" / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["1.28", "1.31", "1.34", "1.37"])
@pytest.mark.parametrize("kind", [item["kind"] for item in OBJECTS])
def test_kubernetes_knows_every_key(kind: str, version: str) -> None:
    kubernetes_validate.validate(BY_KIND[kind], version, strict=True)


def test_a_key_that_kubernetes_does_not_know_would_be_found() -> None:
    wrong = {**BY_KIND["Service"], "spec": {**BY_KIND["Service"]["spec"], "selektor": {}}}
    with pytest.raises(kubernetes_validate.ValidationError, match="selektor"):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_everything_is_in_one_namespace_that_allows_restricted_pods_only() -> None:
    namespace = BY_KIND["Namespace"]["metadata"]
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for item in OBJECTS:
        if item["kind"] != "Namespace":
            assert item["metadata"]["namespace"] == namespace["name"]


def test_the_pod_is_not_root_and_holds_no_key_to_the_cluster() -> None:
    context = POD["securityContext"]
    assert context["runAsNonRoot"] is True
    assert f"USER {context['runAsUser']}:{context['runAsGroup']}" in CONTAINERFILE
    # The volume belongs to root until the group of the pod is set on it.
    assert context["fsGroup"] == context["runAsGroup"]
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    for denied in ("hostNetwork", "hostPID", "hostIPC"):
        assert denied not in POD


@pytest.mark.parametrize("name", [container["name"] for container in CONTAINERS])
def test_a_container_gains_no_rights_and_writes_to_its_volume_only(name: str) -> None:
    (container,) = [container for container in CONTAINERS if container["name"] == name]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    written = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert written == ["/var/lib/potline", "/tmp"]  # noqa: S108  inside the container
    assert container["resources"]["limits"]["memory"] == "1Gi"
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", container["image"])


def test_the_image_is_that_of_the_compose_project_and_of_this_version() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {container["image"] for container in CONTAINERS} == {f"potline-collector:{version}"}
    assert compose["services"]["collector"]["image"] == f"potline-collector:{version}"


def test_there_is_never_more_than_one_and_its_ledger_stays() -> None:
    assert STATEFUL["replicas"] == 1
    assert STATEFUL["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = STATEFUL["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    state = re.search(r"POTLINE_STORE__PATH=(\S+)/potline\.sqlite", CONTAINERFILE)
    assert state
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINERS[-1]["volumeMounts"]}
    assert mounts[claim["metadata"]["name"]] == state[1]


def test_labels_lead_from_service_and_policy_to_the_pod() -> None:
    labels = STATEFUL["template"]["metadata"]["labels"]
    assert STATEFUL["selector"]["matchLabels"] == labels
    assert BY_KIND["Service"]["spec"]["selector"] == labels
    assert BY_KIND["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert STATEFUL["serviceName"] == BY_KIND["Service"]["metadata"]["name"]


def test_its_probes_ask_what_the_page_answers_without_a_token() -> None:
    collector = CONTAINERS[-1]
    (port,) = collector["ports"]
    assert tomllib.loads(SETTINGS["collector.toml"])["page"]["listen"] == f"0.0.0.0:{port['containerPort']}"
    asked = {}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert collector[probe]["httpGet"]["port"] == port["name"]
        asked[probe] = collector[probe]["httpGet"]["path"]
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert set(asked.values()) <= set(server._FREE)


def test_its_own_program_is_started_after_a_check_of_the_same_settings() -> None:
    check, run = CONTAINERS
    assert 'ENTRYPOINT ["potline"]' in CONTAINERFILE
    assert (check["args"][0], run["args"][0]) == ("check", "run")
    assert check["args"][1:] == run["args"][1:] == ["--config", "/etc/potline/plant/collector.toml"]
    assert check["volumeMounts"] == run["volumeMounts"]


def test_the_collector_accepts_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Laid out as the containers see it, in a folder of the test.
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in secret_files():
        (secrets / name).write_text("made for this test, long enough for a token\n", encoding="utf-8")
    for name in ("profiles", "factors", "layouts"):
        assert f"COPY config/{name} /etc/potline/{name}" in CONTAINERFILE
        shutil.copytree(ROOT / "config" / name, tmp_path / name)
    plant = tmp_path / "plant"
    plant.mkdir()
    for name, text in SETTINGS.items():
        inside = text.replace("/run/secrets/potline/", f"{secrets}/").replace('"/etc/potline/', f'"{tmp_path}/')
        (plant / name).write_text(inside, encoding="utf-8")
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "potline.sqlite"))
    assert load(plant / "collector.toml").plant.id == "example"


def secret_files() -> set[str]:
    return set(re.findall(r"/run/secrets/potline/([\w-]+)", "".join(SETTINGS.values())))


def test_its_secrets_are_not_in_the_manifest_and_the_readme_makes_each() -> None:
    assert "Secret" not in BY_KIND
    readme = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    (volume,) = [volume for volume in POD["volumes"] if volume["name"] == "secrets"]
    assert f"create secret generic {volume['secret']['secretName']} " in readme
    for name in secret_files():
        assert f"--from-file={name}" in readme
    # Root and the pod's group, nobody else.
    assert volume["secret"]["defaultMode"] == 0o440


def test_its_network_policy_lets_out_to_what_its_settings_name_and_no_further() -> None:
    policy = BY_KIND["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    out = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    plant = tomllib.loads(SETTINGS["plant.toml"])
    asked = {place.get("port", 502) for place in plant["endpoints"].values()}
    asked |= {place["port"] for place in plant["brokers"].values()}
    asked |= {
        int(database["url"].rpartition(":")[2])
        for database in tomllib.loads(SETTINGS["collector.toml"])["delivery"].values()
    }
    assert asked | {53} <= out
    assert all(rule["to"] for rule in policy["egress"])
    for rule in policy["egress"]:
        for peer in rule["to"]:
            assert peer.get("ipBlock", {}).get("cidr") != "0.0.0.0/0"
    (inward,) = policy["ingress"]
    assert inward["from"]
    assert [port["port"] for port in inward["ports"]] == [8080]
