"""TOML tables that know their place, so that every complaint names the file, the key and the remedy."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DURATION = {"ms": Decimal("0.001"), "s": Decimal(1), "min": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
"""Units of a duration [s]."""

POWER = {"W": Decimal(1), "kW": Decimal(1000), "MW": Decimal(1_000_000)}
"""Units of a power [W]."""

SHARE = {"%": Decimal("0.01")}
"""Units of a share [1]."""

MASS_RATIO = {"t/t": Decimal(1), "kg/t": Decimal("0.001")}
"""Units of a mass per mass [t/t]."""

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*(\D\S*)\s*")


class ConfigurationError(Exception):
    """A file says something that cannot be used.

    Parameters
    ----------
    file
        The file at fault.
    key
        The key in it, with dots between levels; empty when the whole file is at fault.
    wrong
        What is wrong with it.
    remedy
        What to do about it.
    """

    def __init__(self, file: Path, key: str, wrong: str, remedy: str) -> None:
        super().__init__(f"{file}: {key}: {wrong}; {remedy}" if key else f"{file}: {wrong}; {remedy}")
        self.file = file
        self.key = key


class Table:
    """One table of a TOML file, with the keys that have been asked for.

    Parameters
    ----------
    file
        Where the table was read.
    values
        The table as parsed.
    path
        The table's own key, with dots between levels; empty for the whole file.
    filled
        Whether its texts were put together, so that a number may be one of them.
    """

    def __init__(self, file: Path, values: Mapping[str, object], path: str = "", *, filled: bool = False) -> None:
        self.file = file
        self.filled = filled
        self.path = path
        self._values = values
        self._asked: set[str] = set()

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a whole file.

        Raises
        ------
        ConfigurationError
            If the file cannot be read or is not TOML.
        """
        try:
            with file.open("rb") as opened:
                return cls(file, tomllib.load(opened))
        except OSError as exc:
            raise ConfigurationError(file, "", f"cannot be read ({exc.strerror})", "check the path") from exc
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise ConfigurationError(file, "", f"is not TOML ({exc})", "correct the syntax") from exc

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> tuple[str, ...]:
        """Return the table's keys in the order of the file."""
        return tuple(self._values)

    def values(self) -> Mapping[str, object]:
        """Return everything as it was parsed."""
        return self._values

    def error(self, key: str, wrong: str, remedy: str) -> ConfigurationError:
        """Make the complaint about one key of this table; an empty key means the table itself."""
        place = ".".join(part for part in (self.path, key) if part)
        return ConfigurationError(self.file, place, wrong, remedy)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key is required."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"is {value!r}, not a text", "write it in quotation marks")
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        low: float = float("-inf"),
        high: float = float("inf"),
    ) -> float:
        """Return a number within bounds; without a default the key is required."""
        value = self._get(key, default)
        if isinstance(value, str) and self.filled and _NUMBER.fullmatch(value.strip()):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"is {value!r}, not a number", "write a number without unit or quotation marks")
        return self._bounded(key, float(value), low, high)

    def whole(self, key: str, default: int | None = None, *, low: int = 0, high: int = 2**63) -> int:
        """Return a whole number within bounds; without a default the key is required."""
        value = self._get(key, default)
        if isinstance(value, str) and self.filled and value.strip().isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"is {value!r}, not a whole number", "write digits only")
        self._bounded(key, value, low, high)
        return value

    def quantity(
        self,
        key: str,
        units: Mapping[str, Decimal],
        default: str | None = None,
        *,
        low: float = float("-inf"),
        high: float = float("inf"),
    ) -> float:
        """Return a number given with its unit, such as ``"24h"`` or ``"93.5 %"``, in the unit of the table of units."""
        value = self._get(key, default)
        remedy = f"write a number and one of the units {', '.join(units)}"
        if not isinstance(value, str):
            raise self.error(key, f"is {value!r}, not a text with a unit", remedy)
        match = _QUANTITY.fullmatch(value)
        if match is None or match[2] not in units:
            raise self.error(key, f"is {value!r}", remedy)
        return self._bounded(key, float(Decimal(match[1]) * units[match[2]]), low, high)

    def date(self, key: str) -> dt.date:
        """Return a required date."""
        value = self._get(key, None)
        if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
            raise self.error(key, f"is {value!r}, not a date", "write it as 2026-01-31 without quotation marks")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a required, non-empty list of texts."""
        value = self._get(key, None)
        if not isinstance(value, list) or not value:
            raise self.error(key, f"is {value!r}, not a list of texts", 'write it as ["one", "two"]')
        found = tuple(item for item in value if isinstance(item, str))
        if len(found) != len(value):
            raise self.error(key, "holds something that is not a text", "write every item in quotation marks")
        return found

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"is {value!r}, neither true nor false", "write true or false, unquoted")
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a required, non-empty list of numbers."""
        found = tuple(item for item in self.terms(key) if not isinstance(item, str))
        if len(found) != len(self.terms(key)):
            raise self.error(key, "holds something that is not a number", "write numbers without quotation marks")
        return found

    def terms(self, key: str) -> tuple[float | str, ...]:
        """Return a required, non-empty list of numbers and texts."""
        value = self._get(key, None)
        if not isinstance(value, list) or not value:
            raise self.error(key, f"is {value!r}, not a list", "write it as [1, 2]")
        found = tuple(item for item in value if isinstance(item, str | int | float) and not isinstance(item, bool))
        if len(found) != len(value):
            raise self.error(key, "holds something that is neither a number nor a text", "write one in each place")
        return found

    def lists(self, key: str) -> tuple[Table, ...]:
        """Return the lists of a list, each as a table whose one key is ``items``; an absent list is empty."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise self.error(key, f"is {value!r}, not a list of lists", "write it as [[1, 2], [3, 4]]")
        place = ".".join(part for part in (self.path, key) if part)
        return tuple(Table(self.file, {"items": row}, f"{place}[{index}]") for index, row in enumerate(value))

    def table(self, key: str, *, required: bool = True) -> Table:
        """Return a table below this one; an absent one that is not required is empty."""
        value = self._get(key, None if required else {})
        if not isinstance(value, dict):
            raise self.error(key, f"is {value!r}, not a table", f"write it as [{key}]")
        return Table(self.file, value, ".".join(part for part in (self.path, key) if part), filled=self.filled)

    def tables(self, key: str, *, required: bool = True) -> dict[str, Table]:
        """Return all the named tables below a key, for example every ``[meters.NAME]``."""
        group = self.table(key, required=required)
        return {name: group.table(name) for name in group.keys()}  # noqa: SIM118 -- a Table is no dict

    def rows(self, key: str) -> tuple[Table, ...]:
        """Return the tables of a list; an absent list is empty."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.error(key, f"is {value!r}, not a list of tables", "write it as [{ … }, { … }]")
        place = ".".join(part for part in (self.path, key) if part)
        return tuple(Table(self.file, row, f"{place}[{index}]") for index, row in enumerate(value))

    def refuse_unknown_keys(self) -> None:
        """Complain about the first key that nobody asked for: it is a slip of the pen or another version's."""
        for key in self._values:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, 1)
                remedy = f"did you mean {near[0]!r}?" if near else "take it away"
                raise self.error(key, "is not a key that is known here", remedy)

    def _get(self, key: str, default: object) -> object:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is None:
            raise self.error(key, "is missing", "add it")
        return value

    def _bounded(self, key: str, value: float, low: float, high: float) -> float:
        if not low <= value <= high:
            raise self.error(key, f"is {value:g}, out of {low:g} to {high:g}", "correct the number or its unit")
        return value
