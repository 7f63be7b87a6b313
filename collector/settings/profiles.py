"""Register maps from files: each is checked whole before a meter may use it.

One register for itself stands in ``profile_registers``, what registers need of each other in ``profile_names``, how
they may be asked for in ``profile_requests``, the proof that they are read rightly in ``profile_vectors``.
"""

from pathlib import Path

from collector.plant.profile import Constant, MeterProfile, Sentinel
from collector.settings import profile_models as models
from collector.settings.findings import Findings
from collector.settings.problems import ConfigurationError
from collector.settings.profile_names import check_names
from collector.settings.profile_registers import TYPES, RegisterReader, sentinels
from collector.settings.profile_requests import RequestRules
from collector.settings.profile_vectors import VectorReader
from collector.settings.toml_file import TomlFile
from collector.settings.validation import validated


def profile_names(folder: Path) -> list[str]:
    """Return the names of the profiles in a folder. Files whose name begins with '_' explain, and are none."""
    return sorted(path.stem for path in folder.glob("*.toml") if not path.name.startswith("_"))


def read_profile(path: Path) -> MeterProfile:
    """Read one profile. The file's name without ``.toml`` is the profile's name.

    Raises
    ------
    ConfigurationError
        With everything that is wrong in the file.
    """
    file = TomlFile(path)
    profile = validated(file, models.Profile, file.values)
    if isinstance(profile, list):
        raise ConfigurationError(profile)
    findings = Findings(file)
    made = _made(path.stem, profile, findings)
    if findings.problems:
        raise ConfigurationError(findings.problems)
    return made


def _made(name: str, profile: models.Profile, findings: Findings) -> MeterProfile:
    """Return the profile of what is right; ``findings`` tells what is not."""
    modbus = profile.modbus
    if modbus.base is not None and modbus.addresses_from != 0:
        what = "counts from the SunSpec model, and addresses_from from somewhere else"
        findings.add(("modbus", "base"), what, "remove addresses_from")
    of_types: dict[str, tuple[Sentinel, ...]] = {
        type_: sentinels(findings, ("sentinels", type_), TYPES[type_], texts)
        for type_, texts in profile.sentinels.items()
    }
    reader = RegisterReader(profile, of_types, findings)
    registers = {
        label: register
        for label, section in profile.registers.items()
        if (register := reader.read(label, section)) is not None
    }
    check_names(profile, findings)
    requests = RequestRules(modbus, findings)
    requests.check(tuple(registers.values()), profile.registers)
    vectors = VectorReader(profile, registers, findings)
    return MeterProfile(
        name=name,
        title=profile.title,
        vendor=profile.vendor,
        models=tuple(profile.models),
        confidence=profile.confidence,
        sources=tuple(profile.sources),
        firmware=profile.firmware or "",
        notes=tuple(profile.notes),
        rules=requests.rules,
        sunspec_model=None if modbus.base is None else int(modbus.base.removeprefix("sunspec:")),
        counter_refresh_s=modbus.counter_refresh,
        pause_between_s=modbus.pause_between,
        pause_after_connect_s=modbus.pause_after_connect,
        registers=tuple(registers.values()),
        constants=tuple(Constant(key, each.meaning, each.default) for key, each in profile.constants.items()),
        test_vectors=tuple(
            vector
            for place, section in enumerate(profile.test_vectors)
            if (vector := vectors.read(place, section)) is not None
        ),
        addresses_from=modbus.addresses_from,
    )
