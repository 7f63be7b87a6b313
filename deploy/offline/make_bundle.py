"""Make the archive that installs the collector on a machine without internet: ``make bundle``.

The archive holds wheels for one kind of processor and one or more versions of Python, each checked against the hash in
its lock, the project's own wheel, the configuration, the service, and the program ``install``, which checks all of it
against ``SHA256SUMS`` before it does anything. The same sources give the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
# Kinds of wheels that the C library of every distribution in support can load, the newest first: 2.28 is RHEL 8's.
LIBC = "2.28"
_PLATFORMS = (
    "manylinux_2_28",
    "manylinux_2_27",
    "manylinux_2_24",
    "manylinux_2_17",
    "manylinux2014",
    "manylinux_2_12",
    "manylinux2010",
    "manylinux_2_5",
    "manylinux1",
)
# hatchling's own date for wheels, too: 2 February 2020. Any would do, as long as it stays.
_EPOCH = 1580601600


def needed(lock: str, python: str, machine: str) -> str:
    """Reduce a lock to what one version of Python needs on Linux; pip itself would judge by the Python it runs on.

    Parameters
    ----------
    lock : text of a lock with hashes
    python : such as ``3.12``
    machine : processor as ``uname -m`` names it, such as ``x86_64``
    """
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    kept = []
    for block in re.findall(r"(?m)^[^\s#].*(?:\n[ \t].*)*", lock):
        first, hashes = block.split(" \\\n", 1)
        requirement = Requirement(first)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            kept.append(f"{requirement.name}{requirement.specifier} \\\n{hashes}\n")
    return "".join(kept)


def only(lock: str, name: str) -> str:
    """Take the lock of one package out of a lock.

    Raises
    ------
    ValueError
        The package is not in it.
    """
    found = re.search(rf"(?m)^{re.escape(name)}==.*(?:\n[ \t].*)*", lock)
    if found is None:
        message = f"find {name} in the lock: it is not there; run 'make lock'"
        raise ValueError(message)
    return found[0] + "\n"


def download(lock: str, wheels: Path, python: str, machine: str) -> None:
    """Fetch the wheels of a reduced lock; pip checks each against its hash.

    Raises
    ------
    subprocess.CalledProcessError
        pip could not; it has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(lock, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary", ":all:", "--requirement", str(listed), "--dest", str(wheels)]
        command += ["--implementation", "cp", "--python-version", python]
        command += [part for abi in (f"cp{python.replace('.', '')}", "abi3", "none") for part in ("--abi", abi)]
        command += [part for platform in _PLATFORMS for part in ("--platform", f"{platform}_{machine}")]
        subprocess.run(command, check=True)  # noqa: S603  our own command line


def own_wheel(wheels: Path) -> None:
    """Build the project's own wheel from a clean copy, so that nothing of this machine gets into it.

    Raises
    ------
    subprocess.CalledProcessError
        The build failed; it has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, copy / name)
        for name in ("collector", "simulators"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-build-isolation", "--no-index", "--wheel-dir", str(wheels), str(copy)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(_EPOCH)}
        subprocess.run(command, check=True, env=environment)  # noqa: S603  our own command line


def version() -> str:
    """Return the project's version."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def lay_out(folder: Path, *, pythons: Sequence[str], machine: str) -> None:
    """Put everything but the wheels into the archive's folder; `seal` comes last.

    Parameters
    ----------
    folder : of the archive; has a folder ``wheels`` already
    pythons : versions that there are wheels for, such as ``3.12``
    machine : processor as ``uname -m`` names it
    """
    here = Path(__file__).parent
    shutil.copy(here / "install", folder / "install")
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "systemd").mkdir()
    for name in ("potline.service", "potline.sysusers"):
        shutil.copy(ROOT / "deploy" / "systemd" / name, folder / "systemd" / name)
    shutil.copytree(ROOT / "deploy" / "grafana", folder / "grafana", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "deploy" / "README.md", folder / "README.md")
    told = {"version": version(), "machine": machine, "pythons": " ".join(pythons), "libc": LIBC}
    (folder / "bundle").write_text("".join(f"{key}={value}\n" for key, value in told.items()), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def seal(folder: Path) -> None:
    """Write down the SHA-256 of every file, as ``sha256sum`` reads it."""
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in _files(folder)]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def pack(folder: Path, archive: Path) -> str:
    """Pack a folder into a compressed archive that depends on its files' bytes alone; return its SHA-256."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, compresslevel=6, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in _files(folder):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder)}")
            entry.size = path.stat().st_size
            entry.mtime = _EPOCH
            entry.mode = 0o755 if path.name == "install" else 0o644
            entry.uname = entry.gname = "root"
            with path.open("rb") as file:
                tar.addfile(entry, file)
    archive.write_bytes(packed.getvalue())
    return hashlib.sha256(packed.getvalue()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the archive and the file with its SHA-256 beside it."""
    parser = argparse.ArgumentParser(prog="make_bundle.py", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder of the archive [dist]")
    parser.add_argument("--python", dest="pythons", nargs="+", default=["3.11", "3.12", "3.13"], help="Python versions")
    parser.add_argument("--machine", default="x86_64", choices=["x86_64", "aarch64"], help="processor [x86_64]")
    chosen = parser.parse_args(arguments)
    locks = ROOT / "requirements"
    run = (locks / "run.lock").read_text(encoding="utf-8")
    pip = only((locks / "test.lock").read_text(encoding="utf-8"), "pip")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / f"potline-{version()}-linux-{chosen.machine}"
        wheels = folder / "wheels"
        wheels.mkdir(parents=True)
        try:
            for python in chosen.pythons:
                download(needed(run, python, chosen.machine) + pip, wheels, python, chosen.machine)
            own_wheel(wheels)
        except subprocess.CalledProcessError as exc:
            sys.stderr.write(f"make the bundle: {Path(exc.cmd[0]).name} {' '.join(exc.cmd[1:4])} failed\n")
            return 1
        (folder / "run.lock").write_text(run, encoding="utf-8")
        lay_out(folder, pythons=chosen.pythons, machine=chosen.machine)
        seal(folder)
        chosen.output.mkdir(parents=True, exist_ok=True)
        archive = chosen.output / f"{folder.name}.tar.gz"
        digest = pack(folder, archive)
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n", encoding="utf-8")
    sys.stdout.write(f"{archive} ({archive.stat().st_size / 1e6:.0f} MB)\nsha256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
