"""Certificates made for a test, with openssl."""

import subprocess
from pathlib import Path

from server_process import program

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run([program("openssl"), *map(str, arguments)], check=True, capture_output=True, timeout=20)


def authority(folder: Path, name: str) -> None:
    """Make NAME.pem and NAME.key of a CA."""
    files = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
    _openssl("req", "-x509", *_CURVE, "-nodes", "-days", "2", "-subj", f"/CN={name}", *files)


def certificate(folder: Path, name: str, *, by: str, names: str = "", days: tuple[str, str] = ("", "")) -> None:
    """Make NAME.pem and NAME.key, signed by a CA, for names like ``DNS:localhost``, valid two days or as given."""
    subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={names or f'DNS:{name}'}")
    request, key = folder / f"{name}.csr", folder / f"{name}.key"
    _openssl("req", *_CURVE, "-nodes", *subject, "-keyout", key, "-out", request)
    if not any(days):
        signer = ("-CA", folder / f"{by}.pem", "-CAkey", folder / f"{by}.key", "-CAcreateserial", "-days", "2")
        out = ("-copy_extensions", "copy", "-out", folder / f"{name}.pem")
        _openssl("x509", "-req", "-in", request, *signer, *out)
        return
    # Only 'ca' can say from when on.
    (folder / "index.txt").write_text("", encoding="ascii")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca = d\n[d]\ndatabase = {folder}/index.txt\nserial = {folder}/serial\n"
        f"new_certs_dir = {folder}\ndefault_md = sha256\npolicy = p\ncopy_extensions = copy\n"
        "[p]\ncommonName = supplied\n",
        encoding="ascii",
    )
    cert = ("-cert", folder / f"{by}.pem", "-keyfile", folder / f"{by}.key", "-rand_serial", "-notext")
    dates = ("-startdate", days[0], "-enddate", days[1])
    config = ("-batch", "-config", folder / "ca.cnf", "-in", request, "-out", folder / f"{name}.pem")
    _openssl("ca", *cert, *dates, *config)


def locked(folder: Path, name: str) -> Path:
    """Put a password on a copy of a key."""
    path = folder / f"{name}-locked.key"
    _openssl("ec", "-in", folder / f"{name}.key", "-aes128", "-passout", "pass:secret", "-out", path)
    return path
