"""The service under a real systemd, installed from the archive, with a simulated plant.

    sudo make systemd-run

systemd is booted in namespaces of its own (processes, mounts, network, control groups) on a copy of this machine's
files that is thrown away, so nothing is left behind and there is no network but loopback. Then: the archive is
installed by its own program; a wrong configuration is told and, once corrected, the service comes up by itself; it
gets its credential and says that it is ready; the sandbox denies what it should (a program of the test tries, under the
service's own restrictions); a stopped process is ended by the watchdog and started again, and so is a killed one; it
reloads, where the service file can; it is upgraded while it runs, and goes back; it stops in time with a sound ledger;
it is removed. Prints one line of JSON; the exit code is 1 if anything is not so. Needs root, systemd 250 or newer,
cgroup2 and mosquitto. Takes two to three minutes.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
POTLINE = "/opt/potline/current/bin/potline"
CONFIG = "/etc/potline/collector.toml"

# What the service may not do, one line each: the name is printed if it could.
PROBE = r"""
import ctypes, mmap, os, signal, socket, json
allowed = []
def attempt(name, act):
    try:
        act()
    except (OSError, ValueError):
        return
    allowed.append(name)
def write(path):
    with open(path, "w") as file:
        file.write("x")
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "syscall")
for place in ("/etc/potline", "/opt/potline", "/usr/bin", "/var/lib", "/var/log", "/", "/dev", "/run"):
    attempt(f"write {place}", lambda: write(f"{place}/probe"))
attempt("read the credential's source", lambda: open("/etc/potline/influx-token").read())
attempt("list /root", lambda: os.listdir("/root"))
attempt("kernel settings", lambda: write("/proc/sys/kernel/hostname"))
attempt("another's process", lambda: os.kill(1, signal.SIGCONT))
attempt("see another's process", lambda: os.stat("/proc/1"))
attempt("packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("netlink socket", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt("memory both writable and executable",
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC))
attempt("namespace", lambda: call(272, 0x10000000))
attempt("become root", lambda: os.setuid(0))
attempt("set the group to root", lambda: os.setgid(0))
attempt("chroot", lambda: os.chroot("/var/lib/potline"))
attempt("higher priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
attempt("host name", lambda: socket.sethostname("probe"))
attempt("port below 1024", lambda: socket.create_server(("127.0.0.1", 81)))
attempt("set-user-id file", lambda: (write("/var/lib/potline/s"), os.chmod("/var/lib/potline/s", 0o4755)))
with open("/var/lib/potline/probe.json", "w") as file:
    json.dump({"allowed": allowed, "uid": os.getuid(), "tmp": os.listdir("/tmp")}, file)
"""


class FaultError(Exception):
    """Something is not as it should be."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A booted systemd: commands run in its namespaces."""

    pid: int

    def run(self, *command: str, ok: bool = True) -> str:
        """Run a command in it, and return what it printed."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.pid), "--all", "--root", "--wd", *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        if ok and done.returncode:
            raise FaultError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in it."""
        place = Path(f"/proc/{self.pid}/root{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)

    def read(self, path: str) -> str:
        """Read a file in it."""
        return Path(f"/proc/{self.pid}/root{path}").read_text(encoding="utf-8")

    def wait_for_port(self, port: int) -> None:
        """Wait until somebody listens on a TCP port in it."""
        connect = ["python3", "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"]
        wait(f"port {port}", lambda: not self.run(*connect, ok=False), 20)

    def shown(self, setting: str) -> str:
        """One property of the service."""
        return self.run("systemctl", "show", "potline", "--value", "--property", setting).strip()


def wait(what: str, true: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so, and return how long it took [s]."""
    begin = time.monotonic()
    while not true():
        if time.monotonic() - begin > seconds:
            raise FaultError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - begin


@contextlib.contextmanager
def booted(archive: Path) -> Iterator[Machine]:
    """Boot systemd in namespaces of its own, with the project and the archive's folder to be read in /mnt."""
    with tempfile.TemporaryDirectory() as work:
        group = Path(tempfile.mkdtemp(prefix="potline-", dir=_cgroup2()))
        # The control group first: it is the root of the namespace that is made then.
        command = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(group)]
        command += ["unshare", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"]
        process = subprocess.Popen([*command, "sh", HERE / "boot-systemd", work, ROOT, archive.parent])
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            wait("the namespaces", lambda: bool(children.read_text().split()), 10)
            machine = Machine(int(children.read_text().split()[0]))
            up = ("systemctl", "is-system-running", "--wait")
            wait("systemd", lambda: "running" in (said := machine.run(*up, ok=False)) or "degraded" in said, 60)
            yield machine
        finally:
            process.kill()
            process.wait()
            wait("the end of its processes", lambda: "populated 0" in (group / "cgroup.events").read_text(), 10)
            for folder, _, _ in os.walk(group, topdown=False):
                Path(folder).rmdir()


def _cgroup2() -> str:
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return place
    raise FaultError("find the control groups: no cgroup2 is mounted")


@contextlib.contextmanager
def simulated(machine: Machine) -> Iterator[None]:
    """Let a broker and the meters of the example plant run beside the service, each on the port of its plant file."""
    enter = ["nsenter", "--target", str(machine.pid), "--all", "--root", "--wd"]
    simulator = ["/opt/potline/current/bin/python", "-m", "simulators", "run", "--ports", "configured"]
    simulator += ["--broker", "127.0.0.1:1883", "/mnt/project/simulators/scenarios/steady.toml"]
    with contextlib.ExitStack() as stack:
        for command, port in (["mosquitto"], 1883), (simulator, 5020):
            quiet = subprocess.DEVNULL
            process = stack.enter_context(
                subprocess.Popen([*enter, *command], env={"PATH": "/usr/sbin:/usr/bin"}, stdout=quiet, stderr=quiet)
            )
            stack.callback(process.terminate)
            machine.wait_for_port(port)
        yield


def install(machine: Machine, archive: Path) -> None:
    """Install from the archive, as its README says."""
    machine.run("mkdir", "/unpacked")
    machine.run("tar", "xzf", f"/mnt/archive/{archive.name}", "-C", "/unpacked", "--strip-components", "1")
    said = machine.run("/unpacked/install", "--python", "/usr/bin/python3")
    if "is installed and in use" not in said:
        raise FaultError(said)
    machine.write("/etc/potline/influx-token", "made-for-this-run\n", 0o600)
    machine.write(
        "/etc/systemd/system/potline.service.d/plant.conf",
        "[Service]\nWatchdogSec=5\nLoadCredential=influx-token:/etc/potline/influx-token\n",
    )
    machine.run("systemctl", "daemon-reload")


def told_and_corrected(machine: Machine) -> float:
    """Start with a fault in the configuration, correct it, and return how long it took to come up by itself [s]."""
    right = machine.read(CONFIG)
    delivery = (
        '\n[delivery.influx]\nkind = "influxdb2"\nurl = "http://127.0.0.1:8086"\norg = "smelter"\n'
        'bucket = "potline"\ntoken_file = "influx-token"\n'
    )
    machine.write(CONFIG, right + delivery.replace("url", "ulr"))
    machine.run("systemctl", "start", "potline", ok=False)
    journal = machine.run("journalctl", "--unit", "potline", "--no-pager")
    if "delivery.influx.ulr" not in journal and "ulr" not in journal:
        raise FaultError(f"tell the fault in the journal: it does not\n{journal}")
    machine.write(CONFIG, right + delivery)
    return wait("up by itself", lambda: machine.shown("ActiveState") == "active", 30)


def kept_in(machine: Machine) -> dict[str, object]:
    """Let a program try what the service may not do, under the service's own restrictions."""
    machine.write("/etc/systemd/system/probe.py", PROBE)
    drop_in = "/etc/systemd/system/potline.service.d/probe.conf"
    machine.write(drop_in, "[Service]\nExecStartPre=/usr/bin/python3 /etc/systemd/system/probe.py\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "potline")
    found: dict[str, object] = json.loads(machine.read("/var/lib/potline/probe.json"))
    if found["allowed"] or found["uid"] == 0 or found["tmp"]:
        raise FaultError(f"keep the service in its folder: it could {found}")
    machine.run("rm", drop_in)
    machine.run("systemctl", "daemon-reload")
    return found


def restarted(machine: Machine, signal: str, result: str) -> float:
    """Send a signal to the collector, and return how long it took until another one was ready [s]."""
    before = machine.shown("MainPID")
    machine.run("kill", f"-{signal}", before)
    took = wait(
        f"another process after {signal}",
        lambda: machine.shown("MainPID") not in {before, "0"} and machine.shown("ActiveState") == "active",
        60,
    )
    journal = machine.run("journalctl", "--unit", "potline", "--no-pager")
    if f"result '{result}'" not in journal:
        raise FaultError(f"find the result '{result}' in the journal: it is not there\n{journal[-3000:]}")
    return took


def reloaded(machine: Machine) -> str:
    """Reload, where the service can, and see that the process is the same."""
    if machine.shown("CanReload") != "yes":
        return "the service has no ExecReload"
    before = machine.shown("MainPID")
    machine.run("systemctl", "reload", "potline")
    if machine.shown("MainPID") != before or machine.shown("ActiveState") != "active":
        raise FaultError("reload: another process runs, or none")
    return "the same process"


def upgraded(machine: Machine) -> float:
    """Upgrade the running service to another version and go back; return how long going back takes [s]."""
    machine.run("cp", "-a", "/unpacked", "/later")
    seal = "sed -i s/^version=.*/version=99.0/ bundle && rm SHA256SUMS && find * -type f | xargs sha256sum >../sums"
    machine.run("sh", "-c", f"cd /later && {seal} && mv ../sums SHA256SUMS")
    before = machine.shown("MainPID")
    said = machine.run("/later/install", "--python", "/usr/bin/python3")
    if "potline 99.0 is running" not in said or machine.shown("MainPID") in {before, "0"}:
        raise FaultError(f"upgrade: it does not run\n{said}")
    began = time.monotonic()
    said = machine.run("/opt/potline/current/install", "--use", machine.read("/unpacked/bundle").split()[0][8:])
    if machine.shown("ActiveState") != "active" or "is running" not in said:
        raise FaultError(f"go back: it does not run\n{said}")
    return time.monotonic() - began


def stopped(machine: Machine) -> float:
    """Stop, and return how long it took [s]."""
    begin = time.monotonic()
    machine.run("systemctl", "stop", "potline")
    took = time.monotonic() - begin
    if took > 5 or machine.shown("Result") != "success":
        raise FaultError(f"stop: {took:.1f} s, result {machine.shown('Result')}")
    user = ["runuser", "-u", "potline", "--", "env", "POTLINE_STORE__PATH=/var/lib/potline/potline.sqlite"]
    credentials = ["env", "CREDENTIALS_DIRECTORY=/unpacked/credentials"]
    machine.write("/unpacked/credentials/influx-token", "made-for-this-run\n")
    machine.run(*user, *credentials, POTLINE, "verify", "--config", CONFIG)
    return took


def exposure(machine: Machine) -> float:
    """Return systemd's rating of what the service could do to the machine (0 to 10)."""
    said = machine.run("systemd-analyze", "security", "--no-pager", "potline")
    return float(said.splitlines()[-1].split(": ")[1].split()[0])


def run(archive: Path) -> dict[str, object]:
    """Go through all of it, and return what was measured."""
    figures: dict[str, object] = {}
    with booted(archive) as machine:
        figures["systemd"] = machine.run("systemctl", "--version").split()[1]
        install(machine, archive)
        with simulated(machine):
            try:
                figures["up_by_itself_s"] = round(told_and_corrected(machine), 1)
                page = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/healthz', timeout=3).status)"
                figures["healthz"] = int(machine.run("/usr/bin/python3", "-c", page))
                figures["sandbox"] = kept_in(machine)
                figures["watchdog_restart_s"] = round(restarted(machine, "STOP", "watchdog"), 1)
                figures["kill_restart_s"] = round(restarted(machine, "KILL", "signal"), 1)
                figures["restarts"] = int(machine.shown("NRestarts"))
                figures["reload"] = reloaded(machine)
                figures["going_back_s"] = round(upgraded(machine), 1)
                figures["stop_s"] = round(stopped(machine), 1)
                figures["exposure"] = exposure(machine)
            except FaultError:
                sys.stderr.write(machine.run("journalctl", "--no-pager", "--lines", "60", ok=False))
                raise
        machine.run("/opt/potline/current/install", "--uninstall")
        if Path("/proc", str(machine.pid), "root", "opt", "potline").exists() or not machine.read(CONFIG):
            raise FaultError("remove: the program is there still, or the configuration is not")
    return figures


def main() -> int:
    """Run it on an archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="made by 'make bundle'")
    archive = parser.parse_args().archive.resolve()
    if os.geteuid() != 0:
        sys.stderr.write("make namespaces: this needs root: sudo make systemd-run\n")
        return 1
    try:
        figures = run(archive)
    except FaultError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.write(f"{json.dumps(figures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
