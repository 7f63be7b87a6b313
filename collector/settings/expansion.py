"""Many meters, or endpoints, from one table: ``for`` counts, ``from_csv`` makes one of each row.

Pure: tables in, tables out.
"""

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collector.settings.problems import written
from collector.settings.sheet import Row, Sheet, SheetRefused
from collector.settings.toml_file import Path_

MOST = 5000
"""A plant has fewer; a range of a million is a slip of the hand."""

_PLACEHOLDER = re.compile(r"\{ *([^{}]*?) *\}")
_SUM = re.compile(r"(.+?) *([+-]) *([0-9]{1,9})")
_NUMBER = re.compile(r"[0-9]{1,9}")
_RANGE = re.compile(r"([0-9]{1,9}) *\.\. *([0-9]{1,9})")
_WAYS = ("for", "from_csv")
_LIKE = 'write it as text, like "1..300"'


@dataclass(frozen=True, slots=True)
class Made:
    """Where a meter comes from: the table it was made of, and the row of a sheet (0: of none).

    ``stands_for``: it is none, but stands for a table of which nothing could be made, so that the rest is checked.
    """

    table: str
    sheet: str = ""
    row: int = 0
    stands_for: bool = False


@dataclass(slots=True)
class Expansion:
    """All tables of a section, the made ones in the place of theirs; where those come from; what is wrong.

    ``broken`` holds paths about which nothing more is to be said.
    """

    section: str
    tables: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    findings: list[tuple[Path_, str, str]] = field(default_factory=list)
    broken: set[Path_] = field(default_factory=set)


def expand(section: str, tables: Mapping[str, object], sheet: Callable[[str], Sheet]) -> Expansion:
    """Return a section of a plant file without ``for`` and ``from_csv``.

    ``sheet`` reads a sheet by its name, and raises SheetRefused where it cannot.
    """
    found = Expansion(section)
    plain = {id_ for id_, table in tables.items() if not _is_many(id_, table)}
    for id_, table in tables.items():
        if isinstance(table, dict) and id_ not in plain:
            _Many(id_, table, found, plain).expand(sheet)
        else:
            found.tables[id_] = table
    return found


def is_filled(value: object) -> bool:
    """Tell whether a value, or one inside it, is another for each meter."""
    return any(_PLACEHOLDER.search(text) for _, text in _texts(value, ()))


def could_make(table: str, id_: str) -> bool:
    """Tell whether a table of some name could make one of another name, or has that name itself."""
    around = _PLACEHOLDER.split(table)[::2]  # without what stands in the braces
    return re.fullmatch(".+".join(map(re.escape, around)), id_) is not None


def _is_many(id_: str, table: object) -> bool:
    return isinstance(table, dict) and (any(way in table for way in _WAYS) or _PLACEHOLDER.search(id_) is not None)


class _Many:
    """One table on its way to those that are made of it."""

    def __init__(self, id_: str, table: Mapping[str, object], found: Expansion, plain: Collection[str]) -> None:
        self._id = id_
        self._table = {key: value for key, value in table.items() if key not in _WAYS}
        self._ways = {way: table[way] for way in _WAYS if way in table}
        self._found = found
        self._plain = plain
        self._sheet = ""
        self._columns: tuple[str, ...] = ("n",)
        self._padded: dict[str, set[int]] = defaultdict(set)

    def expand(self, sheet: Callable[[str], Sheet]) -> None:
        """Put them into what is found, or one that stands for them."""
        before = len(self._found.findings)
        rows = self._rows(sheet)
        if len(self._found.findings) > before:
            self._stand_in({at for at, text in _texts(self._table, ()) if _PLACEHOLDER.search(text)})
            return
        broken = self._without_column()
        if not self._name_is_good(len(rows)):
            self._stand_in(broken)
            return
        self._note_padding(rows)
        first_of: dict[str, Row] = {}
        twice: list[tuple[str, Row]] = []
        for row in rows:
            id_ = self._name(row)
            if id_ in self._plain or id_ in self._found.tables:
                twice.append((id_, row))
            elif id_:
                first_of[id_] = row
                self._found.made[id_] = Made(self._id, self._sheet, row.number)
                self._found.broken |= {(self._found.section, id_, *at) for at in broken}
                self._found.tables[id_] = self._filled(self._table, row, (self._found.section, id_))
        self._tell_twice(twice, first_of)

    def _tell(self, at: Path_, what: str, remedy: str) -> None:
        self._found.findings.append(((self._found.section, self._id, *at), what, remedy))

    def _stand_in(self, broken: Iterable[Path_]) -> None:
        """Let one stand for those that cannot be made, and say nothing of what would differ between them."""
        id_ = _PLACEHOLDER.sub("1", self._id)
        if id_ not in self._found.tables and id_ not in self._plain:
            self._found.made[id_] = Made(self._id, stands_for=True)
            self._found.tables[id_] = self._table
            self._found.broken |= {(self._found.section, id_, *at) for at in broken}
        self._found.broken.add((self._found.section, self._id))

    # --- From where ---------------------------------------------------------------------------------------------------

    def _rows(self, sheet: Callable[[str], Sheet]) -> list[Row]:
        if len(self._ways) > 1:
            self._tell(("from_csv",), "'for' and 'from_csv' exclude each other", "keep one")
        elif "for" in self._ways:
            return self._counted(self._ways["for"])
        elif "from_csv" in self._ways:
            return self._of_sheet(self._ways["from_csv"], sheet)
        else:
            what = "the name holds a placeholder, and nothing says what for"
            self._tell((), what, 'add for = "1..300" or from_csv = "meters.csv"')
        return []

    def _counted(self, value: object) -> list[Row]:
        at: Path_ = ("for",)
        if isinstance(value, list):
            numbers = [number for place, item in enumerate(value) for number in self._numbers((*at, place), item)]
            if not value:
                self._tell(at, "is empty", 'write it like ["1..40", "45"]')
        else:
            numbers = self._numbers(at, value)
        twice = [number for number, times in Counter(numbers).items() if times > 1]
        if twice:
            more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
            self._tell(at, f"{twice[0]} stands there twice{more}", "keep one")
        self._check_count(at, len(numbers))
        return [Row(0, {"n": number}) for number in numbers]

    def _numbers(self, at: Path_, item: object) -> list[str]:
        text = item.strip() if isinstance(item, str) else ""
        if _NUMBER.fullmatch(text):
            return [text]
        match = _RANGE.fullmatch(text)
        if match is None:
            self._tell(at, f"{written(item)} is no range of whole numbers", _LIKE)
            return []
        first, last = int(match[1]), int(match[2])
        if last < first or last - first >= MOST:
            what = f"the range {text} holds {max(0, last - first + 1)} {self._found.section}"
            self._tell(at, what, f"1 to {MOST}, smaller number first")
            return []
        return [str(number).zfill(len(match[1])) for number in range(first, last + 1)]

    def _of_sheet(self, name: object, sheet: Callable[[str], Sheet]) -> list[Row]:
        at: Path_ = ("from_csv",)
        if not isinstance(name, str) or not name.strip():
            self._tell(at, f"{written(name)} is no name of a file", 'write it like "meters.csv"')
            return []
        try:
            read = sheet(name.strip())
        except SheetRefused as exc:
            for what, remedy in exc.findings:
                self._tell(at, what, remedy)
            return []
        self._sheet, self._columns = read.name, read.columns
        self._check_count(at, len(read.rows))
        return list(read.rows)

    def _check_count(self, at: Path_, count: int) -> None:
        there = len(self._found.made)
        if there + count > MOST:
            others = f", and {there} are there already" if there else ""
            self._tell(at, f"makes {count} {self._found.section}{others}", f"a plant has at most {MOST} made ones")

    # --- What they are called, and what stands in them ----------------------------------------------------------------

    def _column(self, name: str) -> tuple[str, int] | None:
        """Return the column that a placeholder speaks of, and what to add to its number; None where there is none."""
        if name in self._columns:
            return name, 0
        match = _SUM.fullmatch(name)
        return (match[1], int(match[2] + match[3])) if match and match[1] in self._columns else None

    def _without_column(self) -> set[Path_]:
        """Tell the placeholders for which there is nothing, and return where they stand in the table."""
        places = [
            (at, name)
            for at, text in [((), self._id), *_texts(self._table, ())]
            for name in _PLACEHOLDER.findall(text)
            if self._column(name) is None
        ]
        for at, name in places:
            if not self._sheet:
                self._tell(at, f"{{{name}}} stands for nothing here", "write {n}, or {n+1}, {n-100} and the like")
                continue
            near = difflib.get_close_matches(name, self._columns, n=1)
            remedy = f"did you mean '{near[0]}'?" if near else f"one of: {', '.join(self._columns)}"
            self._tell(at, f"there is no column '{name}' in {self._sheet}", remedy)
        return {at for at, _ in places if at}

    def _name_is_good(self, count: int) -> bool:
        names = _PLACEHOLDER.findall(self._id)
        if not names:
            like = f"{self._id}_{{{self._columns[0]}}}"
            what = f"makes {count} {self._found.section} of one name"
            self._tell((), what, f'put a placeholder into the name, like [{self._found.section}."{like}"]')
        return bool(names) and all(self._column(name) is not None for name in names)

    def _note_padding(self, rows: Iterable[Row]) -> None:
        """Note how long the numbers with leading zeros are: "100" less one is "099" among "001" to "120"."""
        for row in rows:
            for column, text in row.cells.items():
                if text.startswith("0") and len(text) > 1:
                    self._padded[column].add(len(text))

    def _name(self, row: Row) -> str:
        """Return the name of what a row makes; empty where its cells make none, which is told."""
        try:
            name = self._put(self._id, row)
        except ValueError as exc:
            what, _, remedy = str(exc).partition("; ")
        else:
            if name:
                return name
            what, remedy = "the cell of its name is empty", "write one, or remove the row"
        self._tell((), f"{self._sheet} row {row.number}: {what}", remedy)
        return ""

    def _filled(self, value: object, row: Row, at: Path_) -> Any:  # noqa: ANN401 - whatever stands in the file
        """Return a value as it is for one row; what is nothing but an empty cell is left out."""
        if isinstance(value, dict):
            items = ((key, self._filled(item, row, (*at, key))) for key, item in value.items())
            return {key: item for key, item in items if item is not None}
        if isinstance(value, list):
            filled = (self._filled(item, row, (*at, place)) for place, item in enumerate(value))
            return [item for item in filled if item is not None]
        if not isinstance(value, str) or at in self._found.broken:
            return value
        try:
            text = self._put(value, row)
        except ValueError as exc:
            what, _, remedy = str(exc).partition("; ")
            self._found.findings.append((at, what, remedy))
            self._found.broken.add(at)
            return value
        return None if not text and _PLACEHOLDER.fullmatch(value.strip()) else text

    def _put(self, text: str, row: Row) -> str:
        return _PLACEHOLDER.sub(lambda match: self._cell(match[1], row), text)

    def _cell(self, name: str, row: Row) -> str:
        found = self._column(name)
        if found is None:
            return ""
        column, more = found
        cell = row.cells[column]
        if not more or not cell:
            return cell
        if not _NUMBER.fullmatch(cell):
            raise ValueError(f"{written(cell)} is no whole number, and {{{name}}} counts on from it; correct the cell")
        return str(int(cell) + more).zfill(len(cell) if len(cell) in self._padded[column] else 0)

    def _tell_twice(self, twice: list[tuple[str, Row]], first_of: Mapping[str, Row]) -> None:
        if not twice:
            return
        id_, row = twice[0]
        first = first_of.get(id_)
        other = "has a table of its own" if id_ in self._plain else "another table makes already"
        if first is not None:
            other = f"row {first.number} makes already" if self._sheet else "it makes already"
        place = f"{self._sheet} row {row.number} " if self._sheet else ""
        more = f" (and {len(twice) - 1} more like this)" if len(twice) > 1 else ""
        self._tell((), f"{place}makes {id_}, which {other}{more}", f"names of {self._found.section} are unique")


def _texts(value: object, at: Path_) -> Iterator[tuple[Path_, str]]:
    """Yield the texts in a value, with their places."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*at, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, (*at, place))
