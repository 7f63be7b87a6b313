"""The lines of keys in a TOML file, whatever the file looks like."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.settings import ConfigurationError
from collector.settings.toml_file import TomlFile


def read(tmp_path: Path, text: str) -> TomlFile:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8", newline="")
    return TomlFile(path)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("[a]\n\n[a.b]\nc = 1\n", ("a", "b", "c"), 4),
        ("[a]\n\n[a.b]\nc = 1\n", ("a", "b"), 3),
        # a table that only stands around others, and one whose own header comes late
        ("\n[a.b]\nc = 1\n", ("a",), 2),
        ("[a.b]\nc = 1\n[a]\nd = 1\n", ("a",), 3),
        # dotted keys
        ("[a]\nb.c = 1\nb.d = 2\n", ("a", "b", "d"), 3),
        ("[a]\nb . c = 1\nb . d = 2\n", ("a", "b"), 2),
        # quoted keys
        ('["a.b"]\n"c d" = 1\n', ("a.b", "c d"), 2),
        ("['a.b']\n'c = d' = 1\n", ("a.b", "c = d"), 2),
        ('[a."\\u00e9"]\nb = 1\n', ("a", "é", "b"), 2),
        ('[ a . "b]" ] # [c]\nd = 1\n', ("a", "b]", "d"), 2),
        # arrays of tables
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n", ("a", 1, "b"), 4),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n", ("a", 1), 3),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2\n", ("a", 1, "b", "c"), 6),
        ("[[a]]\n[[a.b]]\nc = 1\n[[a]]\n[[a.b]]\nc = 2\n[[a.b]]\nc = 3\n", ("a", 1, "b", 1, "c"), 8),
        # inline tables and arrays over several lines
        ("a = { b = 1, c = { d = 2 } }\n", ("a", "c", "d"), 1),
        ("a = [\n  { b = 1 },\n  { b = 2 },\n]\n", ("a", 1, "b"), 3),
        ("a = [\n  { b = 1 },\n  { b = 2 },\n]\n", ("a", 0), 2),
        ('a = [ # one ]\n  "x]",\n  [1,\n   2],\n]\nb = 1\n', ("a", 1, 1), 4),
        ('a = [ # one ]\n  "x]",\n  [1,\n   2],\n]\nb = 1\n', ("b",), 6),
        # what looks like headers and assignments and is text
        ('a = """\n[b]\nc = 1\n"""\n[b]\nc = 2\n', ("b", "c"), 6),
        ("a = '''\n[b]\nc = 1\n'''\n[b]\nc = 2\n", ("b", "c"), 6),
        ('a = """\\"""\n[b]"""\n[b]\n', ("b",), 3),
        ('a = """x""""\nb = """""y"""""\nc = 1\n', ("c",), 3),
        ("a = '''x''''\nb = '''''y'''''\nc = 1\n", ("c",), 3),
        ('a = [\n"""\nb = 1\n""",\n]\nb = 2\n', ("b",), 6),
        ('a = ["""\n[b]""", \'\', "", "\\""]\n[b]\n', ("b",), 3),
        ("# a = 1\n#[b]\na = 2\n[b]\n", ("b",), 4),
        # signs that end a line for some programs and not for an editor
        ("# \u2028 \x85\na = 1\nb = 2\n", ("b",), 3),
        ("a = 1\r\nb = 2\r\n[c]\r\nd = 3\r\n", ("c", "d"), 4),
        # what is not there has the line of the table around it, or none
        ("[a]\nb = 1\n", ("a", "x"), 1),
        ("[a]\nb = 1\n", ("x", "y"), 0),
    ],
)
def test_a_key_is_found_on_its_line(tmp_path: Path, text: str, path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(text)
    assert read(tmp_path, text).line(path) == line


def paths(values: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [path for key, value in inner for path in [(*at, key), *paths(value, (*at, key))]]


KEYS = st.text(alphabet='ab.="]#\n é', max_size=4)
TEXTS = st.text(alphabet="ab=[]{}#,'\"\\\n ", max_size=12)
VALUES = st.recursive(
    st.one_of(st.integers(-9, 9), st.booleans(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str) -> str:
    return '"' + "".join(c if c.isalnum() else f"\\u{ord(c):04X}" for c in text) + '"'


def long(text: str) -> str:
    """Write a text over several lines, with everything in it that confuses a reader of lines."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{escaped}"""'


def written(value: object, *, inline: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value) if inline else long(value)
    if isinstance(value, list):
        return "[\n" + "".join(f"  {written(item, inline=inline)}, # ]\n" for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {written(item, inline=True)}" for key, item in value.items()) + "}"
    return str(value)


@given(values=st.dictionaries(KEYS, VALUES, max_size=4), inline=st.booleans())
def test_every_key_of_every_file_has_a_line_and_stands_on_it(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object], *, inline: bool
) -> None:
    expected = {}
    text = ""
    for key, value in values.items():
        expected[key] = text.count("\n") + 1
        text += f"{quoted(key)} = {written(value, inline=inline)}\n"
    file = read(tmp_path_factory.mktemp("lines"), text)
    assert file.values == values
    assert {key: file.line((key,)) for key in values} == expected
    assert all(file._lines.get(path, 0) >= expected[str(path[0])] for path in paths(values))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb =\n", "some.toml:2: is not valid TOML: Invalid value"),
        ("a = 1\nb = yes\n", "some.toml:2: is not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", "some.toml:2: is not valid TOML: Cannot overwrite a value"),
        ("[a]\n[b\n", "some.toml:2: is not valid TOML: Expected ']' at the end of a table declaration"),
        ("[a]\nb = 1\n\nc = [1,\n\n", "some.toml:4: is not valid TOML: Invalid value"),
        ('a = 2024-02-30\nb = "', "some.toml:1: is not valid TOML: Invalid date or datetime"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"{told}; text needs quotation marks, and a key stands only once in a table"


@pytest.mark.parametrize("text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "1" * 5000])
def test_what_no_parser_can_hold_is_a_problem_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == (
        "some.toml: is not valid TOML: a number is too long, or brackets are nested too deep; write it like the example"
    )


def test_the_mark_that_some_editors_put_at_the_start_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffa = 1\n").values == {"a": 1}


def test_a_problem_is_one_line_whatever_stands_in_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = read(tmp_path, '[a]\n"b\\nc\\u001B[31m" = 1\n')
    assert str(file.problem(("a", "b\nc\x1b[31m"), "is wrong", "mend it")) == (
        "some.toml:2 a.b\\nc\\x1b[31m: is wrong; mend it"
    )
