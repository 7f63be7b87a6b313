"""Where the committed results, their ratios and the README's table are, and how the table is put into its place."""

from pathlib import Path

_HERE = Path(__file__).parent
RESULTS, REFERENCE = _HERE / "results.jsonl", _HERE / "reference.json"
README = _HERE.parents[1] / "README.md"
BEGIN, END = "<!-- make bench-reference writes this table -->", "<!-- end of the table -->"


def table_in(text: str) -> str:
    """Return the table between its marks; ValueError where they are missing."""
    _, begin, rest = text.partition(f"{BEGIN}\n")
    found, end, _ = rest.partition(f"{END}\n")
    if not begin or not end:
        raise ValueError(f"find the table of benchmarks: the README lacks '{BEGIN}' or '{END}'")
    return found.strip("\n") + "\n" if found.strip() else ""


def with_table(text: str, table: str) -> str:
    """Return a text with another table between the marks."""
    table_in(text)
    before, _, rest = text.partition(f"{BEGIN}\n")
    after = rest.partition(f"{END}\n")[2]
    return f"{before}{BEGIN}\n\n{table}\n{END}\n{after}"
