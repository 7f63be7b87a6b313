"""The kinds of values that stand in the files, each with its check.

The checks raise ValueErrors of the form "what is wrong; what to do about it". Pydantic's own sentences speak of
strings, integers and patterns; a plant engineer reads these.
"""

import ipaddress
import math
import re
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from collector.readings import units
from collector.settings.problems import written

_RANGE = re.compile(r"([0-9]{1,9})\.\.([0-9]{1,9})")
_MOST_POTS = 5000


def measure(unit: str, least: str, most: str) -> BeforeValidator:
    """Return the check of a number with a unit; the bounds are written as people write them."""
    low, high = units.parse(least, unit), units.parse(most, unit)

    def read(value: object) -> float:
        if not isinstance(value, str):
            raise ValueError(f'{written(value)} has no unit; write it with its unit, like "60 {unit}"')  # noqa: TRY004 - pydantic collects ValueErrors
        number = units.parse(value, unit)
        if not low <= number <= high:
            side, bound = ("below", least) if number < low else ("above", most)
            raise ValueError(f"{value.strip()} is {side} {bound}; give {least} to {most}")
        return number

    return BeforeValidator(read)


def whole(least: int, most: int) -> BeforeValidator:
    """Return the check of a whole number."""

    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):  # from the environment
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{written(value)} is no whole number; give one from {least} to {most}")  # noqa: TRY004
        if not least <= value <= most:
            side, bound = ("below", least) if value < least else ("above", most)
            raise ValueError(f"{written(value)} is {side} {bound}; give a whole number from {least} to {most}")
        return value

    return BeforeValidator(read)


def finite(value: object) -> float:
    """Check a number without a unit."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{written(value)} is no number; write it like 0.1, without quotation marks")  # noqa: TRY004
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{written(value)} is not a finite number; write it like 0.1")
    return number


def _finite_of_text(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", value):
        value = float(value)  # from the environment, or from a sheet of meters
    return finite(value)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:  # from the environment
        return value.lower() == "true"
    raise ValueError(f"{written(value)} is neither true nor false; write true or false, without quotation marks")


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):  # from the environment
        try:
            value = date.fromisoformat(value)
        except ValueError as exc:
            raise ValueError(f"{written(value)} is no day of the calendar; write it like 2024-01-31") from exc
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{written(value)} is no date; write it like 2024-01-31, without quotation marks")  # noqa: TRY004
    return value


def _one_line(text: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("holds a line break or another control character; write it in one line")
    return text


def at_most(length: int) -> AfterValidator:
    """Return the check of a text that may have so many characters."""

    def check(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"is longer than {length} characters; shorten it")
        return text

    return AfterValidator(check)


def _id(text: str) -> str:
    # A double underscore would part the names of environment variables in the wrong place.
    if not re.fullmatch(r"[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)*", text):
        what = f"{written(text)} cannot be a name here"
        raise ValueError(f"{what}; use letters A-Z and digits, parted by single '_', '-' or '.'")
    return text


def pot_number(text: str) -> str:
    """Check the number of a pot, as it stands in topics."""
    if re.search(r"[\s/+#]", text):
        raise ValueError(f"{written(text)} cannot be a pot number; it stands in MQTT topics: no spaces, no / + #")
    return text


def client_id(text: str) -> str:
    """Check the name under which a broker knows the collector."""
    if re.search(r"\s", text):
        raise ValueError(f"{written(text)} cannot be a client id; write it without spaces")
    return text


def level(text: str) -> str:
    """Check a name that stands between two slashes of a topic."""
    if re.search(r"[\s/+#]", text):
        raise ValueError(f"{written(text)} cannot be a part of a topic; write it without spaces, / + #")
    return text


def _topic(text: str) -> str:
    if re.search(r"[+#\s]", text) or len(text.encode()) > 65535:
        raise ValueError(f"{written(text)} is no topic to publish to; write it without spaces, + and #")
    return text


def _is_host(text: str) -> bool:
    """Tell whether a text can be a host. One of digits and dots, or with a colon, must be a valid address."""
    if re.fullmatch(r"[0-9.]+|.*:.*", text):
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return False
        return True
    return re.fullmatch(r"[\w.-]+", text) is not None


def _host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]")
    if not _is_host(host):
        remedy = "give a name, or an address like 10.20.0.5; the port has a key of its own"
        raise ValueError(f"{written(text)} is no host; {remedy}")
    return host


def broker_hosts(value: object) -> str | list[str]:
    """Check where a broker is: a host, or several addresses of one broker, each with its port where it has its own."""
    if isinstance(value, str):
        return _host(_one_line(value.strip()))
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        what = f"{written(value)} is neither a host nor a list of them"
        raise ValueError(f'{what}; write it like "10.20.7.5", or ["10.20.7.5:1883", "10.20.7.6:1883"]')
    found = [each.strip() for each in value]
    for each in found:
        host, port = address(each)
        _host(host)
        if port is not None and not 1 <= port <= 65535:
            raise ValueError(f"port {port} does not exist; ports go from 1 to 65535")
    if len(set(found)) < len(found):
        raise ValueError("names an address twice; name each once")
    return found


def address(text: str) -> tuple[str, int | None]:
    """Return host and port of an address such as 10.20.7.5:1883 or [::1]:1883; None where no port is given."""
    match = re.fullmatch(r"\[(?P<six>[^\]]*)\](?::(?P<of_six>[0-9]{1,5}))?|(?P<host>[^:]*):(?P<port>[0-9]{1,5})", text)
    if match is None:
        return text, None
    port = match["of_six"] or match["port"]
    return match["six"] if match["host"] is None else match["host"], None if port is None else int(port)


def serial_device(text: str) -> str:
    """Check the name of a serial line."""
    if not re.fullmatch(r"/\S+|COM[0-9]{1,3}", text):
        raise ValueError(f"{written(text)} is no serial device; write it like /dev/ttyUSB0")
    return text


def listen_address(text: str) -> str:
    """Check an address to listen at: host:port."""
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,9}", port) or not _is_host(host.removeprefix("[").removesuffix("]")):
        raise ValueError(f"{written(text)} is no address with a port; write it like 127.0.0.1:8080")
    if int(port) > 65535:
        raise ValueError(f"port {int(port)} does not exist; ports go from 1 to 65535, 0 takes a free one")
    return text


def web_address(text: str) -> str:
    """Check the address of a database."""
    # Never shown: a password may stand in it.
    remedy = "write it like http://10.20.0.5:8086"
    try:
        parts = urlsplit(text)
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if "@" in text or "?" in text or "#" in text:
        raise ValueError("holds more than an address; user, password and token have their own keys")
    if not known or re.search(r"\s", text):
        raise ValueError(f"is no address of a database; {remedy}")
    return text


def raw_registers(text: str) -> str:
    """Check registers written in hexadecimal."""
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{4})+", text):
        raise ValueError(
            f"{written(text)} is no row of registers; write four hexadecimal digits for each, like 42BB9829"
        )
    return text


def time_zone(name: str) -> str:
    """Check the name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"{written(name)} is no time zone; write it like Asia/Shanghai") from exc
    return name


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_one_line)]
Id = Annotated[str, at_most(64), AfterValidator(_id)]
Host = Annotated[Text, at_most(253), AfterValidator(_host)]
Port = Annotated[int, whole(1, 65535)]
Topic = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_one_line), AfterValidator(_topic)]
Number = Annotated[float, BeforeValidator(finite)]
NumberOfText = Annotated[float, BeforeValidator(_finite_of_text)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Day = Annotated[date, BeforeValidator(_day)]
Percent = Annotated[float, measure("%", "0 %", "100 %")]


def pots_of(text: str) -> list[str]:
    """Return the pot numbers that a text stands for: itself, or a range such as "1001..1040".

    Raises
    ------
    ValueError
        If it looks like a range and is none.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        if ".." in text:
            raise ValueError(f"'{text}' is no range of pot numbers; write it like \"1001..1040\"")
        return [text]
    first, last = int(match[1]), int(match[2])
    if last < first or last - first >= _MOST_POTS:
        count = max(0, last - first + 1)
        raise ValueError(f"the range {text} holds {count} pots; 1 to {_MOST_POTS}, smaller number first")
    return [str(number).zfill(len(match[1])) for number in range(first, last + 1)]
