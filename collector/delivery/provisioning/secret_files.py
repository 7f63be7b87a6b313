"""Files that hold one secret each, readable for their owner alone."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from collector.delivery.provisioning.plan import ProvisionFailed


def holds_secret(path: Path | None) -> bool:
    """Tell whether a file has something in it; False if there is none.

    Raises
    ------
    ProvisionFailed
        If nobody can tell.
    """
    if path is None:
        return False
    return bool(read_secret(path))


def read_secret(path: Path) -> str:
    """Return the secret of a file, empty if there is no file or nothing in it.

    Raises
    ------
    ProvisionFailed
        If it cannot be read, or is not one line of text.
    """
    try:
        secret = path.read_bytes().strip().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise ProvisionFailed(f"read {path}: {exc.strerror}; check who may read it") from exc
    if not secret.isprintable() or "\N{REPLACEMENT CHARACTER}" in secret:
        raise ProvisionFailed(f"read {path}: it is not one line of text; write the secret into it and nothing else")
    return secret


def write_secret(path: Path, make: Callable[[], str]) -> None:
    """Write a secret into a new file of mode 0600.

    The file is made before the secret, so that none is made that nobody gets to know. An empty file there is replaced.

    Raises
    ------
    ProvisionFailed
        If the file cannot be made; then ``make`` was not called. What ``make`` raises leaves no file behind.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            fresh.unlink()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise ProvisionFailed(f"make {path}: {exc.strerror}; name a folder that can be written to") from exc
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as exc:
        fresh.unlink(missing_ok=True)
        raise ProvisionFailed(f"write {path}: {exc.strerror}; the secret is lost, have another one made") from exc
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
