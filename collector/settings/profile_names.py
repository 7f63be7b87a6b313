"""What the registers of a profile need of each other: every name is known, and nothing needs itself."""

from collections.abc import Iterator

from collector.plant.profile import RegisterType
from collector.readings import units
from collector.readings.quantity import Quantity
from collector.settings import profile_models as models
from collector.settings.findings import Findings
from collector.settings.toml_file import Path_


def check_names(profile: models.Profile, findings: Findings) -> None:
    """Report names that refer to nothing or to the wrong thing, registers that need themselves, and idle constants."""
    for name in profile.constants:
        at = ("constants", name)
        if name in profile.registers:
            findings.add(at, f"{name} is a register, too", "give one of them another name")
        elif Quantity.known(name) is not None:
            findings.add(at, f"{name} is a quantity", "give the constant another name")
        elif not any(name in needs(section) for section in profile.registers.values()):
            findings.add(at, "no register uses it", "name it in a scale_by, an exponent or a linear, or remove it")
    for name, section in profile.registers.items():
        for path, factor in _factors(section):
            _check_factor(profile, findings, ("registers", name, *path), factor)
        for place, other in enumerate(section.plus):
            _check_summand(profile, findings, ("registers", name, "plus", place), section, other)
    _check_circles(profile, findings)


def needs(section: models.RegisterSection) -> list[str]:
    """Return the names that a register refers to."""
    return [*(name for _, name in _factors(section)), *section.plus]


def _factors(section: models.RegisterSection) -> Iterator[tuple[Path_, str]]:
    """Yield the names of constants and information, and where they stand."""
    for place, name in enumerate(section.scale_by):
        yield ("scale_by", place), name
    if section.exponent is not None:
        yield ("exponent",), section.exponent
    if section.linear is not None:
        for place, term in enumerate(section.linear.value):
            if isinstance(term, str):
                yield ("linear", "value", place), term.removeprefix("-")


def _check_factor(profile: models.Profile, findings: Findings, at: Path_, name: str) -> None:
    if name in profile.constants:
        return
    section = profile.registers.get(name)
    if section is None:
        information = [other for other, each in profile.registers.items() if each.info]
        findings.unknown(at, "constant or information register", name, [*profile.constants, *information])
    elif not section.info:
        findings.add(at, f"{name} is a quantity", "name a constant or an information register")
    elif section.type == RegisterType.STRING.label:
        findings.add(at, f"{name} is a text", "name one that holds a number")


def _check_summand(
    profile: models.Profile, findings: Findings, at: Path_, section: models.RegisterSection, name: str
) -> None:
    if name in profile.constants:
        findings.add(at, f"{name} is a constant", "only registers can be added")
        return
    other = profile.registers.get(name)
    if other is None:
        findings.unknown(at, "register", name, profile.registers)
    elif other.type == RegisterType.STRING.label:
        findings.add(at, f"{name} is a text", "name a register that holds a number")
    elif (other.unit or "") != (section.unit or ""):
        try:
            units.factor(other.unit or "", section.unit or "")
        except ValueError as exc:
            findings.refuse(at, exc, f"{name} cannot be added: ")


def _check_circles(profile: models.Profile, findings: Findings) -> None:
    """Report each circle of registers that need each other once, at its first register in the file."""
    done: set[str] = set()
    for name in profile.registers:
        trail: list[str] = []
        _follow(profile, name, trail, done, findings)


def _follow(profile: models.Profile, name: str, trail: list[str], done: set[str], findings: Findings) -> None:
    if name in trail:
        circle = [*trail[trail.index(name) :], name]
        what = "needs itself" if len(circle) == 2 else f"needs itself: {' -> '.join(circle)}"
        findings.add(("registers", name), what, "a register cannot be worked out before itself")
        return
    section = profile.registers.get(name)
    if section is None or name in done:
        return
    trail.append(name)
    for other in needs(section):
        _follow(profile, other, trail, done, findings)
    trail.pop()
    done.add(name)
