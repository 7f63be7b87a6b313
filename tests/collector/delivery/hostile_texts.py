"""Texts that break careless line protocol, and what they are to read back as."""

from hypothesis import strategies as st

HOSTILE = [
    "a,b",
    "a=b",
    "a b",
    "a\nb",
    "a\r\nb",
    "a\\",
    "a\\\\",
    "a\\,b",
    "a\\ b",
    "a\\=b",
    "a\\\nb",
    "a\\b",
    '"quoted"',
    "Ofen ä 电解 🔥",
    "x\u2028y\x85z",
    ",",
    "=",
    "#",
    "a=1 9\nm x=1",
]

letters = st.one_of(st.sampled_from(list(',= \n\r\\"#aé电')), st.characters(codec="utf-8"))
texts = st.text(letters, max_size=12)


def written(text: str) -> str:
    """Return what a tag reads back as: one line, and without backslashes that would be taken for part of an escape."""
    kept = ""
    before_special = True
    for letter in reversed(text.replace("\n", " ").replace("\r", " ")):
        if letter == "\\" and before_special:
            continue
        before_special = letter in ",= "
        kept = letter + kept
    return kept
