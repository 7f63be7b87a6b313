"""The collector's own verdict on the settings of the compose project, laid out as its container sees them."""

import shutil
from pathlib import Path

import pytest

from collector.settings import load

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"


def test_the_collector_accepts_the_settings_of_the_compose_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("influx_token", "mqtt_password", "page_token"):
        (secrets / name).write_text("made for this test\n", encoding="utf-8")
    for name in ("collector.toml", "plant.toml"):
        text = (COMPOSE / name).read_text(encoding="utf-8")
        assert '"/run/secrets/' in text
        (tmp_path / name).write_text(text.replace("/run/secrets/", f"{secrets}/"), encoding="utf-8")
    for name in ("profiles", "factors", "layouts"):
        shutil.copytree(ROOT / "config" / name, tmp_path / name)
    # As the image sets it.
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "potline.sqlite"))
    load(tmp_path / "collector.toml")
