"""A file system of its own for a child process, where the machine allows one."""

import shutil
import subprocess
from pathlib import Path


def own_file_system(folder: Path, *, megabytes: int) -> list[str] | None:
    """Return the start of a command that has a small file system of its own in a folder; None where that is refused."""
    mount = f'mount -t tmpfs -o size={megabytes}m tmpfs {folder} && exec "$@"'
    start = ["unshare", "-rm", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None:
        return None
    return start if subprocess.run([*start, "true"], capture_output=True, check=False).returncode == 0 else None
