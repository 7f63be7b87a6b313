"""What pydantic found, said to a plant engineer."""

import difflib
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from collector.settings.problems import written
from collector.settings.toml_file import Path_, TomlFile, dotted

KEY = "[key]"
"""The last part of pydantic's path where the name of a table is wrong, and not what is in it."""


_SENTENCES = {
    "string_type": ("{} is no text", "write it in quotation marks"),
    "string_unicode": ("holds bytes that are no text", "write it in UTF-8"),
    "string_too_short": ("is empty", "write something into it"),
    "list_type": ("{} is no list", "write it in square brackets"),
    "too_short": ("is empty", "at least one is needed"),
}


def explain(error: ErrorDetails, model: type[BaseModel], at: Path_) -> tuple[str, str]:  # noqa: PLR0911 - one answer a kind
    """Return what is wrong and what to do about it."""
    kind, path = error["type"], error["loc"]
    context = error.get("ctx", {})
    shown = written(error.get("input"))
    if kind in _SENTENCES:
        what, remedy = _SENTENCES[kind]
        return what.format(shown), remedy
    match kind:
        case "missing":
            return "is missing", f"add [{dotted((*at, *path))}]" if _is_table(_at(model, path)) else "add it"
        case "extra_forbidden":
            near, known = _nearest(model, path)
            return "is not a setting", f"did you mean '{near}'?" if near else f"one of: {', '.join(known)}"
        case "value_error":
            what, _, remedy = str(context["error"]).partition("; ")
            return what, remedy
        case "literal_error":
            return f"{shown} is not possible here", f"write {context['expected']}".replace("'", '"')
        case "dict_type" | "model_type":
            return "is no table", f"write [{dotted((*at, *path))}] and its settings below it"
    return f"{shown} cannot stand here", error["msg"]


def _nearest(model: type[BaseModel], path: Path_) -> tuple[str, list[str]]:
    """Return the key that was probably meant, and all that there are."""
    table = _at(model, path[:-1])
    known = _keys(table if _is_table(table) else model)
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    return near[0] if near else "", known


def told(exc: ValidationError, model: type[BaseModel], at: Path_ = ()) -> Iterator[tuple[Path_, str, str]]:
    """Yield where something is wrong, what, and what to do; what a misspelt key leaves missing is not told as well."""
    errors = exc.errors()
    meant = {
        (*error["loc"][:-1], _nearest(model, error["loc"])[0]) for error in errors if error["type"] == "extra_forbidden"
    }
    for error in errors:
        if error["type"] != "missing" or error["loc"] not in meant:
            # That the name of a table is wrong is told at the table.
            path = tuple(part for part in error["loc"] if part != KEY)
            yield ((*at, *path), *explain(error, model, at))


def validated(file: TomlFile, model: type[BaseModel], values: Any, at: Path_ = ()) -> Any:  # noqa: ANN401 - any model
    """Return the model of some values of a file, or the list of what is wrong with them."""
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        return [file.problem(*parts) for parts in told(exc, model, at)]


def _is_table(thing: Any) -> bool:  # noqa: ANN401 - any annotation
    return isinstance(thing, type) and issubclass(thing, BaseModel)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _at(model: type[BaseModel], path: Path_) -> Any:  # noqa: ANN401 - any annotation
    """Return the type of what stands at a path, None where nothing is foreseen."""
    thing: Any = model
    for part in path:
        thing = _bare(thing)
        if _is_table(thing):
            fields = {field.alias or name: field.annotation for name, field in thing.model_fields.items()}
            thing = fields.get(str(part), _further(thing))
        elif get_origin(thing) in {list, dict}:
            thing = get_args(thing)[-1]
        else:
            return None
    return _bare(thing)


def _further(model: type[BaseModel]) -> Any:  # noqa: ANN401 - any annotation
    """Return the type of keys beyond those with a name, None where there are none."""
    if model.model_config.get("extra") != "allow":
        return None
    return get_args(model.__annotations__["__pydantic_extra__"])[-1]


def _bare(thing: Any) -> Any:  # noqa: ANN401 - any annotation
    """Return an annotation without its metadata and without None."""
    while get_origin(thing) in {Annotated, Union, UnionType}:
        thing = get_args(thing)[0]
    return thing
