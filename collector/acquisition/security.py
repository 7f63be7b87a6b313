"""TLS: what the collector proves itself with, and what is wrong where the two sides do not agree."""

import re
import ssl

from collector.plant.meter import Tls

# OpenSSL's numbers of what can be wrong with a certificate.
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64
_UNKNOWN_CA = {2, 18, 19, 20, 21}


def context(tls: Tls) -> ssl.SSLContext:
    """Return what a connection is secured with. Reads files.

    Raises
    ------
    OSError
        If a file cannot be read, or is not what it should be.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # What stands in the CA file is trusted, also if it is itself signed by another.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.ca_file is None:
        made.load_default_certs()
    else:
        made.load_verify_locations(cafile=tls.ca_file)
    if tls.certificate_file is not None:
        # Without an answer, OpenSSL would ask for the password of a key at the terminal.
        made.load_cert_chain(tls.certificate_file, tls.key_file, password="")
    return made


def told(exc: Exception | None, tls: Tls, *, peer: str) -> str:
    """Return what is wrong with a connection to a ``peer``, such as a device, and what to do about it.

    Empty if it has nothing to do with TLS.
    """
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _of_the_peer(exc, tls, f"the {peer}'s certificate")
    if not isinstance(exc, ssl.SSLError):
        return ""
    reason = exc.reason or ""
    if "ALERT" not in reason:
        words = reason.lower().replace("_", " ") or str(exc)
        return f"no TLS connection came about ({words}); check 'port', and that TLS 1.2 or newer is spoken there"
    return _refused(re.sub(r".*ALERT_", "", reason).lower().replace("_", " "), tls, peer)


def hung_up(exc: Exception | None, tls: Tls) -> str:
    """Return what it may mean that a device hangs up over the greeting; empty if it did not."""
    if not isinstance(exc, ssl.SSLEOFError | ConnectionResetError | BrokenPipeError):
        return ""
    whose = tls.certificate_file or "a collector without a certificate"
    return f"the device hung up over the greeting; it may refuse {whose}, or speak no TLS on this port"


def _refused(alert: str, tls: Tls, peer: str) -> str:
    if "version" in alert:
        return f"the {peer} speaks no TLS 1.2 or newer; update it"
    if tls.certificate_file is None:
        return f"the {peer} refuses ({alert}); it may want a certificate: give certificate_file and key_file"
    return f"the {peer} refuses the collector's certificate {tls.certificate_file} ({alert}); have it signed by its CA"


def _of_the_peer(exc: ssl.SSLCertVerificationError, tls: Tls, what: str) -> str:
    if exc.verify_code == _EXPIRED:
        return f"{what} has expired; renew it, or set this machine's clock"
    if exc.verify_code == _NOT_YET_VALID:
        return f"{what} is not valid yet; check the clocks of both"
    if exc.verify_code in {_WRONG_NAME, _WRONG_ADDRESS}:
        message = exc.verify_message.rstrip(".")
        return f"{what} is for another name ({message}); set 'server_name' to the name in it"
    if exc.verify_code in _UNKNOWN_CA:
        if tls.ca_file is None:
            return f"{what} is signed by a CA that this machine does not trust; give 'ca_file'"
        return f"{what} is signed by a CA that is not in {tls.ca_file}; put that CA's there"
    return f"{what} is not accepted ({exc.verify_message}); check it"
