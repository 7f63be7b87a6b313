"""[page]: who may look from where. What other machines can reach asks for a token."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from collector.settings.configuration import PageSettings
from collector.settings.models import Page, Settings
from collector.settings.part import Part
from collector.settings.sources import Origins
from collector.settings.tls_files import TlsFiles
from collector.settings.toml_file import Path_

LEAST_CHARACTERS = 16
"""A shorter token can be guessed."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page shows of itself. It asks nobody for a certificate."""

    certificate_file: str | None
    key_file: str | None
    ca_file: None = None
    server_name: None = None


class PageSection(Part):
    """Makes the page's settings of its section.

    ``find`` returns where a file is that the settings name, and ``secret`` the same for one that holds a secret.
    """

    def __init__(
        self,
        settings: Settings,
        origins: Origins,
        broken: set[Path_],
        *,
        find: Callable[[str], Path],
        secret: Callable[[Path_, str], Path],
    ) -> None:
        super().__init__(origins, broken)
        self._page: Page = settings.page
        self._secret = secret
        self._tls = TlsFiles(fine=self._fine, report=self._report, find=find)

    def made(self) -> PageSettings:
        """Return the settings, and note what is wrong in ``problems``."""
        page = self._page
        host, _, port = page.listen.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        token_file = None
        if page.token_file is not None:
            token_file = self._secret(("page", "token_file"), page.token_file)
            self._check_length(token_file)
        elif not is_loopback(host) and self._fine("page", "listen") and self._fine("page", "token_file"):
            what = f"{page.listen} can be reached from other machines, and the page asks for no token"
            remedy = "add token_file with a file that holds one, or listen at 127.0.0.1"
            self._report(("page", "listen"), what, remedy)
        tls = self._tls.made(("page",), _Shown(page.certificate_file, page.key_file))
        pair = None
        if tls.certificate_file is not None and tls.key_file is not None:
            pair = tls.certificate_file, tls.key_file
        return PageSettings(host, int(port), token_file, pair)

    def _check_length(self, token_file: Path) -> None:
        """Report a token that can be guessed. What cannot be read at all was reported already."""
        try:
            token = token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return
        if 0 < len(token) < LEAST_CHARACTERS:
            what = f"the token in {token_file} has {len(token)} characters, and one so short can be guessed"
            self._report(("page", "token_file"), what, f"write {LEAST_CHARACTERS} or more: openssl rand -hex 24")


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen at can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
