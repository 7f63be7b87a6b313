"""Layouts from files: each is checked whole before a broker may use it, and once more together with its neighbours."""

import difflib
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from collector.plant.event_fields import FIELDS, FieldKind
from collector.plant.layout import (
    QUALITIES,
    Choice,
    Field,
    Kept,
    Layout,
    Level,
    MessageLayout,
    Stamp,
    Tells,
    TimeFormat,
    Value,
    Words,
    dotted,
)
from collector.plant.topology import POT_QUANTITIES
from collector.readings import units
from collector.readings.quantity import Quantity
from collector.settings import layout_models as models
from collector.settings.findings import Findings
from collector.settings.models import Settings
from collector.settings.part import Part
from collector.settings.problems import ConfigurationError, shown, written
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_, TomlFile
from collector.settings.validation import validated

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_MEASURED = frozenset({FieldKind.MEASURE, FieldKind.SHARES})
_KEYS_OF_FIELDS = {
    "unit": _MEASURED,
    "format": frozenset({FieldKind.TIME}),
    "words": frozenset({FieldKind.WORD, FieldKind.NAME}),
    "pot": frozenset({FieldKind.SHARES}),
    "mass": frozenset({FieldKind.SHARES}),
}
_OF_NUMBERS = frozenset({"topic", "tells", "format", "unknown", "values"})
_OF_IGNORED = frozenset({"topic", "tells", "where"})
_OF_EVENTS = frozenset({"topic", "tells", "where", "format", "version", "samples", "unknown", "fields_"})
_OF_LABORATORIES = _OF_EVENTS | {"quality", "values", "kept"}
_OF_READINGS = frozenset(models.MessageSection.model_fields) - {"fields_", "kept"}


def layout_names(folder: Path) -> list[str]:
    """Return the names of the layouts in a folder.

    Files whose name begins with '_' explain, those that begin with 'sparkplug' tell of metrics: they are none.
    """
    return sorted(path.stem for path in folder.glob("*.toml") if not path.name.startswith(("_", "sparkplug")))


def read_layout(path: Path) -> Layout:
    """Read one layout. The file's name without ``.toml`` is the layout's name.

    Raises
    ------
    ConfigurationError
        With everything that is wrong in the file.
    """
    file = TomlFile(path)
    layout = validated(file, models.LayoutFile, file.values)
    if isinstance(layout, list):
        raise ConfigurationError(layout)
    findings = Findings(file)
    messages = [_Message(place, section, findings).made() for place, section in enumerate(layout.messages)]
    for place, what in clashes(messages):
        findings.add(("messages", place, "topic"), what, "tell them apart by where, or remove one")
    if findings.problems:
        raise ConfigurationError(findings.problems)
    return Layout(path.stem, layout.title, int(layout.largest_payload), tuple(messages))


def clashes(messages: Iterable[MessageLayout]) -> list[tuple[int, str]]:
    """Return the places of messages that nothing tells from an earlier one, and what is wrong with each."""
    seen: dict[tuple[object, ...], MessageLayout] = {}
    first: dict[tuple[str, ...], MessageLayout] = {}
    found = []
    for place, message in enumerate(messages):
        shape = message.topic.shape
        other = seen.setdefault((shape, message.where), message)
        earlier = first.setdefault(shape, message)
        if other is not message:
            found.append((place, f"has the same topics as {other.topic.text}, and nothing tells their messages apart"))
        elif earlier is not message and (earlier.is_number or message.is_number):
            found.append((place, f"has the same topics as {earlier.topic.text}, and one of them is a plain number"))
    return found


class Layouts(Part):
    """Reads the layouts that the brokers name, each once."""

    def __init__(self, settings: Settings, origins: Origins, *, broken: AbstractSet[Path_], layouts_dir: Path) -> None:
        super().__init__(origins, broken)
        self._settings = settings
        self._layouts_dir = layouts_dir
        self._layouts: dict[str, Layout | None] = {}

    @property
    def read(self) -> tuple[Layout, ...]:
        """The layouts that are well."""
        return tuple(layout for layout in self._layouts.values() if layout is not None)

    def of_brokers(self) -> dict[str, tuple[Layout, ...] | None]:
        """Return the layouts of each broker; None where not all of them are known."""
        found: dict[str, tuple[Layout, ...] | None] = {}
        for id_, section in self._settings.brokers.items():
            at = ("brokers", id_, "layouts")
            if not self._fine(*at) or not self._fine("layouts_dir"):
                found[id_] = None
                continue
            if not section.layouts and section.sparkplug is None:
                self._report(at, "are none, and so nothing is read", 'write layouts = ["smelter-v1"]')
            named = [self._layout((*at, place), name) for place, name in enumerate(section.layouts)]
            layouts = tuple(layout for layout in dict.fromkeys(named) if layout is not None)
            found[id_] = layouts if None not in named else None
            for place, what in clashes(message for layout in layouts for message in layout.messages):
                message = [message for layout in layouts for message in layout.messages][place]
                self._report(at, f"{message.topic.text} {what}", "keep one of the layouts, or tell them apart by where")
        return found

    def _layout(self, at: Path_, name: str) -> Layout | None:
        if name in self._layouts:
            return self._layouts[name]
        names = layout_names(self._layouts_dir)
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            listed = f"one of: {', '.join(names)}" if names else f"there is none in {shown(self._layouts_dir)}"
            self._report(at, f"there is no layout '{name}'", f"did you mean '{near[0]}'?" if near else listed)
            return None
        self._layouts[name] = None
        try:
            self._layouts[name] = read_layout(self._layouts_dir / f"{name}.toml")
        except ConfigurationError as exc:
            self.problems += exc.problems
        return self._layouts[name]


class _Message:
    """One declaration: checked as far as it can be for itself, and made of what is right."""

    def __init__(self, place: int, section: models.MessageSection, findings: Findings) -> None:
        self._at: Path_ = ("messages", place)
        self._section = section
        self._findings = findings
        self._tells = Tells(section.tells)

    def made(self) -> MessageLayout:
        """Return the declaration; the findings tell what is wrong with it."""
        section = self._section
        self._check_keys()
        fields = {
            name: field for name, each in section.fields_.items() if (field := self._field(name, each)) is not None
        }
        values = tuple(
            value for label, each in section.values.items() if (value := self._value(label, each)) is not None
        )
        time = None if section.time is None else Stamp(section.time.path, TimeFormat(section.time.format))
        pot_of = section.pot_of
        if self._tells is Tells.LABORATORY:
            sampled, pot = fields.get("sampled_at"), fields.get("pot")
            time = None if sampled is None else Stamp(sampled.path, sampled.format)
            pot_of = None if pot is None else pot.path
        made = MessageLayout(
            topic=section.topic,
            tells=self._tells,
            where=None if section.where is None else Choice(section.where.path, tuple(section.where.is_)),
            is_number=section.format == "number",
            version=_choice(section.version),
            samples=section.samples,
            columns=section.columns,
            time=time,
            quality=self._words(section.quality),
            historical=section.historical,
            clock_unset=_choice(section.clock_unset),
            pot_of=pot_of,
            meter_of=section.meter_of,
            unknown=section.unknown == "refuse",
            values=values,
            kept=tuple(self._kept(name, each) for name, each in section.kept.items()),
            fields=fields,
        )
        if self._tells is Tells.READINGS:
            self._check_owner(made)
            self._check_samples(made)
        if self._tells.is_event:
            self._check_event(made)
        self._check_paths(made)
        return made

    def _add(self, path: Path_, what: str, remedy: str = "") -> None:
        self._findings.add((*self._at, *path), what, remedy)

    def _check_keys(self) -> None:
        """Report keys that mean nothing for what the message tells."""
        kind, known = f'tells = "{self._tells.value}"', _OF_READINGS
        if self._tells is Tells.IGNORE:
            known = _OF_IGNORED
        elif self._tells is Tells.LABORATORY:
            known = _OF_LABORATORIES
        elif self._tells.is_event:
            known = _OF_EVENTS
        if self._section.format == "number" and self._tells is not Tells.IGNORE:
            kind, known = 'format = "number"', _OF_NUMBERS
            if self._tells is not Tells.READINGS:
                self._add(("format",), f"a plain number is no {self._tells.value}", "remove it")
        for key in sorted(self._section.model_fields_set - known):
            self._add((key.removesuffix("_"),), f"does not belong to {kind}", "remove it")

    def _value(self, label: str, section: models.ValueSection) -> Value | None:
        at = ("values", label)
        try:
            quantity = Quantity.named(label)
        except ValueError as exc:
            what, _, remedy = str(exc).partition("; ")
            more = " (what is only kept belongs into [messages.kept])" if self._tells is Tells.LABORATORY else ""
            self._add(at, what, remedy + more)
            return None
        try:
            units.factor(section.unit, quantity.unit)
        except ValueError as exc:
            self._findings.refuse((*self._at, *at, "unit"), exc, f"does not fit {label}: ")
            return None
        is_number = self._section.format == "number"
        if not section.path and not is_number:
            what = "is missing" if section.path is None else "is the message itself, and no value in it"
            self._add((*at, "path"), what, 'write it like path = "m.pot_voltage_v"')
            return None
        for key in ("path", "unit_path", "quality"):
            if is_number and getattr(section, key) is not None:
                self._add((*at, key), "the payload is one number, and has no parts", "remove it")
        if section.spellings and section.unit_path is None:
            self._add((*at, "spellings"), "are for the unit that the message tells", "add unit_path, or remove them")
        if section.quality is not None and self._section.quality is None:
            self._add((*at, "quality"), "has words that nothing explains", "add quality = { path = …, words = { … } }")
        if section.name is not None and not self._section.topic.names(Level.QUANTITY):
            self._add((*at, "name"), "is what stands at {quantity} of the topic, which has none", "remove it")
        return Value(
            quantity=quantity,
            path=section.path or (),
            unit=section.unit,
            name=section.name or label,
            unit_path=section.unit_path,
            spellings=tuple(section.spellings),
            quality_path=section.quality,
        )

    def _kept(self, name: str, section: models.KeptSection) -> Kept:
        if not _NAME.fullmatch(name):
            what = f"{written(name)} cannot be a name here"
            self._add(("kept", name), what, "use small letters, digits and '_', a letter first")
        elif Quantity.known(name) is not None:
            self._add(("kept", name), f"{name} is a quantity", "move it to [messages.values]")
        return Kept(name, section.path)

    def _words(self, section: models.QualitySection | None) -> Words | None:
        if section is None:
            return None
        meaning = {word: QUALITIES[quality] for word, quality in section.words.items()}
        return Words(section.path, meaning, QUALITIES[section.default])

    def _field(self, name: str, section: models.FieldSection) -> Field | None:
        at = ("fields", name)
        rule = FIELDS[self._tells].get(name)
        if rule is None:
            if FIELDS[self._tells]:
                self._findings.unknown((*self._at, *at), f"field of {self._tells.value}", name, FIELDS[self._tells])
            return None
        factor = 1.0
        if rule.kind in _MEASURED:
            try:
                factor = units.factor(section.unit or "", rule.unit)
            except ValueError as exc:
                if section.unit is None:
                    self._add((*at, "unit"), "is missing", f'add it, like unit = "{rule.unit}"')
                else:
                    self._findings.refuse((*self._at, *at, "unit"), exc, f"does not fit {name}: ")
        self._check_keys_of(at, section, rule.kind)
        for word, meaning in section.words.items():
            if rule.kind is FieldKind.WORD and meaning not in rule.words:
                self._findings.unknown((*self._at, *at, "words", word), f"word of {name}", meaning, rule.words)
        form = TimeFormat(section.format or "rfc3339")
        return Field(section.path, factor, form, section.words, section.pot, section.mass)

    def _check_keys_of(self, at: Path_, section: models.FieldSection, kind: FieldKind) -> None:
        """Report keys that a field of its kind has not, and those that it lacks."""
        for key, kinds in _KEYS_OF_FIELDS.items():
            if key in section.model_fields_set and kind not in kinds:
                self._add((*at, key), f"does not belong to a {kind.value}", "remove it")
            elif key in ("pot", "mass") and kind in kinds and key not in section.model_fields_set:
                self._add((*at, key), "is missing", f'say where each element has it, like {key} = "{key}"')

    def _check_event(self, made: MessageLayout) -> None:
        for name, rule in FIELDS[self._tells].items():
            if rule.needed and name not in self._section.fields_:
                self._add(("fields",), f"{name} is missing, which {self._tells.value} needs", "add it")
        topic, fields = made.topic, self._section.fields_
        if self._tells in {Tells.ANODE_EFFECT, Tells.LABORATORY} and not topic.names(Level.POT) and "pot" not in fields:
            self._add(("fields",), "pot is missing, and the topic does not name it", "add it, or {pot} in the topic")
        if self._tells is Tells.METAL_TAPPED and "time" not in fields and "shift" not in fields:
            self._add(("fields",), "neither time nor shift is there", "add the one that the message has")
        if self._tells is Tells.PRODUCTION:
            if not topic.names(Level.POTLINE) and "potline" not in fields:
                what = "potline is missing, and the topic does not name it"
                self._add(("fields",), what, "add it, or {potline} in the topic")
            if "day" not in fields and "shift" not in fields:
                self._add(("fields",), "neither day nor shift is there", "add the one that the message has")
        for value in made.values:
            if value.quantity not in POT_QUANTITIES:
                self._add(("values", value.quantity.label), "is no quantity of a pot", "remove it")

    def _check_owner(self, made: MessageLayout) -> None:
        """Check that there is one owner of the values, and that the values are of its kind."""
        topic = made.topic
        of_meter = topic.names(Level.METER) or made.meter_of is not None
        if made.of_pots and of_meter:
            self._add(("topic",), "names a pot and a meter, and the values are of one of them", "keep one of the two")
        elif not made.of_pots and not of_meter and not topic.names(Level.POTLINE):
            what = "names nobody whose values these are"
            self._add(("topic",), what, "add {pot}, {meter} or {potline}, or pot_of or meter_of")
        if not self._section.values:
            self._add(("values",), "is missing", "say what is read: [messages.values]")
        for value in made.values:
            if (value.quantity in POT_QUANTITIES) != made.of_pots:
                whose, other = ("a pot", "a meter") if made.of_pots else ("a meter", "a pot")
                what = f"belongs to {other}, and these messages are of {whose}"
                self._add(("values", value.quantity.label), what, "remove it, or correct the topic")
        if made.is_number and not topic.names(Level.QUANTITY) and len(made.values) > 1:
            self._add(
                ("values",), "are several, and the payload is one number", "keep one, or add {quantity} to the topic"
            )
        names = [value.name for value in made.values]
        for value in made.values:
            if topic.names(Level.QUANTITY) and names.count(value.name) > 1:
                self._add(("values", value.quantity.label), f"has the name {value.name} like another", "give its own")

    def _check_samples(self, made: MessageLayout) -> None:
        if made.columns and made.time is None:
            self._add(("columns",), "are arrays of values and of their times, and there is no time", "add time")
        if made.columns and made.samples == ():
            self._add(("samples",), "the message itself is an array, and has no columns", "remove columns")

    def _check_paths(self, made: MessageLayout) -> None:
        """Report values that would have to stand inside of other values."""
        paths: dict[tuple[str, ...], Path_] = {
            value.path: ("values", value.quantity.label) for value in made.values if value.path
        }
        paths |= {field.path: ("fields", name) for name, field in made.fields.items()}
        if made.time is not None:
            paths[made.time.path] = ("time",) if self._section.time else ("fields", "sampled_at")
        for path, at in paths.items():
            inside = next((path[:n] for n in range(1, len(path)) if path[:n] in paths), None)
            if inside is not None:
                self._add((*at, "path"), f"lies inside of {dotted(inside)}, which is a value itself", "correct one")


def _choice(section: models.ChoiceSection | None) -> Choice | None:
    return None if section is None else Choice(section.path, tuple(section.is_))
