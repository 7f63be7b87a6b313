"""What a statement is made of: sections of rows, one number a row, with all that is known of each. Pure."""

from dataclasses import dataclass

PLANT = "plant"
"""The place of a number that holds for the whole plant."""

ESTIMATED = "e"
"""The mark of a number of which a part was bridged over gaps."""


@dataclass(frozen=True, slots=True)
class Row:
    """One number.

    Attributes
    ----------
    label
        What it is.
    value
        None where it is withheld; ``note`` says why.
    unit
        Its unit; of a count, what is counted.
    digits
        Decimals with which it is shown.
    where
        Potline, stack or `PLANT`.
    period
        The part of the period that it is of; empty for the whole.
    coverage_pct, estimated_pct
        Share of the time that is backed by readings, and that was bridged [%].
    expanded_95
        Expanded uncertainty, k = 2 [unit of the number].
    uncertainty
        Why there is no uncertainty.
    quality
        The worst quality of what went into it, as the OPC DA byte.
    note, source
        What the reader must know, and where the number is from.
    """

    label: str
    value: float | None
    unit: str
    digits: int = 1
    where: str = PLANT
    period: str = ""
    coverage_pct: float | None = None
    estimated_pct: float | None = None
    expanded_95: float | None = None
    uncertainty: str = ""
    quality: int | None = None
    note: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a number without a unit.

        Raises
        ------
        ValueError
            If it has none.
        """
        if not self.unit:
            raise ValueError(f"state {self.label}: it has no unit; give one; of a count, what is counted")

    @property
    def is_estimated(self) -> bool:
        """Whether a part of it was bridged over gaps."""
        return self.value is not None and bool(self.estimated_pct)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together. ``by_period``: its rows are a table of periods, and each label is a column of it."""

    title: str
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    by_period: bool = False


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is not known, and how to tell it. Nothing is put in its place."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Revision:
    """An entry of the ledger that was used and is not the first of its interval, with the reason; or many minutes."""

    potline: str
    interval: str
    revision: int
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a statement stands on, so that it can be followed.

    Attributes
    ----------
    last_entry, digest
        The last entry of the ledger when it was read: its number, and its digest over the whole chain.
    closed_until
        Up to when minutes are closed, as the plant's clock shows it.
    entries
        How many entries were added up.
    waiting
        Minutes of the period that are still to be stated again.
    parameters
        The digests under which the store keeps the parameters that were used.
    """

    last_entry: int
    digest: str
    closed_until: str
    entries: int
    waiting: int
    parameters: tuple[str, ...]
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of one kind on one period."""

    kind: str
    title: str
    rule: str
    plant: str
    plant_name: str
    potlines: tuple[str, ...]
    period: str
    begins: str
    ends: str
    sections: tuple[Section, ...]
    missing: tuple[Lack, ...]
    remarks: tuple[str, ...]
    standing: Standing

    @property
    def has_estimates(self) -> bool:
        """Whether any number of it is estimated in part."""
        return any(row.is_estimated for section in self.sections for row in section.rows)


def shown(value: float | None, digits: int) -> str:
    """Return a number as people read it: ``13,250.4``; a dash where it is withheld."""
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not any(digit in text for digit in "123456789") else text
