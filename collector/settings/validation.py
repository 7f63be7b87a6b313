"""What pydantic found, said to a plant engineer."""

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from collector.settings.problems import Problem
from collector.settings.toml_file import TomlFile


def explain(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong and what to do about it."""
    kind = error["type"]
    value = error.get("input")
    if kind == "missing":
        return "is missing", "add it"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _keys(model), n=1)
        return "is not a setting", f"did you mean '{near[0]}'?" if near else "remove it or check its spelling"
    if kind == "value_error":
        what, _, remedy = str(error.get("ctx", {}).get("error", error["msg"])).partition("; ")
        return what, remedy
    message = error["msg"]
    if kind == "string_pattern_mismatch":
        return f"{value!r} is not of the right form", f"it must match {error['ctx']['pattern']}"
    return f"{value!r} cannot stand here", message[0].lower() + message[1:]


def validated(file: TomlFile, model: type[BaseModel], values: Any, at: tuple[str | int, ...] = ()) -> Any:  # noqa: ANN401 - any model
    """Return the model of some values of a file, or the list of what is wrong with them."""
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        problems: list[Problem] = []
        for error in exc.errors():
            what, remedy = explain(error, model)
            path = tuple(part for part in (*at, *error["loc"]) if part != "[key]")
            problems.append(file.problem(path, what, remedy))
        return problems


def _keys(model: type[BaseModel]) -> list[str]:
    keys: set[str] = set()
    waiting: list[Any] = [model]
    seen: set[Any] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, type) and issubclass(thing, BaseModel):
            keys.update(thing.model_fields)
            waiting += [field.annotation for field in thing.model_fields.values()]
        waiting += getattr(thing, "__args__", ())
    return sorted(keys)
