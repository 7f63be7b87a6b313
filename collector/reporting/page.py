"""A statement as one HTML file for A4 and screen, heads repeated on each page, readable in black and white. Pure.

Nothing is loaded from elsewhere. Every text from settings and ledger is escaped.
"""

from collections.abc import Iterator, Sequence
from html import escape
from string import Template

from collector.reporting.statement import ESTIMATED, Row, Section, Statement, shown

_SHORT = 12
"""Rows of a table that is not torn apart: it goes to the next page as a whole."""

_STYLE = Template("""
@page { size: A4; margin: 18mm 14mm 20mm 14mm;
  @top-left { content: "$running"; font: 8pt "Liberation Sans", Arial, "Noto Sans CJK SC", sans-serif; }
  @bottom-right { content: counter(page) " / " counter(pages);
    font: 8pt "Liberation Sans", Arial, "Noto Sans CJK SC", sans-serif; } }
@page :first { @top-left { content: ""; } }
* { box-sizing: border-box; }
body { font: 10pt/1.35 "Liberation Sans", Arial, "Noto Sans CJK SC", sans-serif; color: #000; background: #fff;
  max-width: 182mm; margin: 8mm auto; orphans: 3; widows: 3; }
h1 { font-size: 16pt; margin: 0 0 2mm; }
h2 { font-size: 11.5pt; margin: 7mm 0 1.5mm; border-bottom: 0.6pt solid #000; break-after: avoid; }
h2 + ul { break-before: avoid; break-after: avoid; }
p, ul { margin: 1mm 0 2mm; }
ul { padding-left: 5mm; }
li { break-inside: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
tbody tr:first-child { break-after: avoid; }
tbody tr:last-child { break-before: avoid; }
.short { break-inside: avoid; }
th { text-align: left; font-weight: 700; border-bottom: 0.8pt solid #000; vertical-align: bottom; }
th, td { padding: 0.8mm 2.5mm 0.8mm 0; }
th:last-child, td:last-child { padding-right: 0; }
td { border-bottom: 0.3pt solid #999; vertical-align: top; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.w, .where, .unit { white-space: nowrap; }
.what { min-width: 36mm; }
.note { color: #333; font-size: 7.5pt; overflow-wrap: anywhere; min-width: 30mm; }
.days { margin-bottom: 4mm; }
.facts td:first-child { white-space: nowrap; width: 34mm; }
.missing { border: 0.8pt solid #000; padding: 2mm 3mm; margin-top: 6mm; box-decoration-break: clone;
  -webkit-box-decoration-break: clone; }
.missing h2 { margin-top: 0; border: 0; }
code { font-family: "Liberation Mono", monospace; font-size: 8pt; overflow-wrap: anywhere; }
sup { font-weight: 700; line-height: 0; }
@media print { body { margin: 0; max-width: none; } }
@media screen and (max-width: 800px) { body { padding: 0 4mm; } }
@media screen and (max-width: 700px) {
  section { overflow-x: auto; }
  .rows thead { display: none; }
  .rows tr { display: flex; flex-wrap: wrap; column-gap: 2mm; border-bottom: 0.3pt solid #999; padding: 0.8mm 0; }
  .rows td { border: 0; padding: 0; }
  .rows .what { flex: 1 1 40%; }
  .rows .when { flex: 1 1 70%; }
  .rows .known { flex-basis: 100%; color: #333; font-size: 7.5pt; text-align: left; }
  .rows .known:empty, .rows .note:empty { display: none; }
  .rows .known::before { content: attr(data-head) ": "; }
  .rows .note { flex-basis: 100%; }
}
""")

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title, $plant, $period</title>
<style>$style</style>
</head>
<body>
<h1>$title</h1>
$facts
$legend
$sections
$missing
$standing
</body>
</html>
""")


def as_html(statement: Statement) -> str:
    """Return a statement as one HTML file."""
    return _PAGE.substitute(
        title=escape(statement.title),
        plant=escape(statement.plant_name),
        period=escape(statement.period),
        style=_STYLE.substitute(running=_css_text(f"{statement.title}, {statement.plant_name}, {statement.period}")),
        facts=_facts(statement),
        legend=_legend(statement),
        sections="\n".join(_section(section) for section in statement.sections),
        missing=_missing(statement),
        standing=_standing(statement),
    )


def _css_text(text: str) -> str:
    """Return a text as it may stand in a string of a style sheet: what is no letter, digit or space by its number.

    The space after a number is its end, and is not shown.
    """
    return "".join(sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in text)


def _facts(statement: Statement) -> str:
    rows = {
        "Plant": f"{statement.plant_name} ({statement.plant})",
        "Potlines": ", ".join(statement.potlines),
        "Period": f"{statement.period}: {statement.begins} to {statement.ends}, plant time",
        "Closed until": statement.standing.closed_until,
        "Rule": statement.rule,
    }
    cells = "".join(f"<tr><td>{escape(key)}</td><td>{escape(text)}</td></tr>" for key, text in rows.items())
    return f'<table class="facts"><tbody>{cells}</tbody></table>{_listed(statement.remarks)}'


def _legend(statement: Statement) -> str:
    if not statement.has_estimates:
        return "<p>A dash is a number that is withheld. &plusmn;: expanded uncertainty, k = 2.</p>"
    mark = f"<sup>{ESTIMATED}</sup>"
    return (
        f"<p>{mark} marks a number of which a part was estimated: bridged over gaps, or carried on. "
        "A dash is a number that is withheld. &plusmn;: expanded uncertainty, k = 2.</p>"
    )


def _section(section: Section) -> str:
    table = _by_period(section) if section.by_period else _table(section)
    short = ' class="short"' if len(section.rows) <= _SHORT else ""
    return f"<section{short}><h2>{escape(section.title)}</h2>{_listed(section.remarks)}{table}</section>"


def _table(section: Section) -> str:
    if not section.rows:
        return ""
    has_periods = any(row.period for row in section.rows)
    told = [head for head in _KNOWN if any(_known(row)[head] for row in section.rows)]
    heads = ["where", *(["time"] if has_periods else []), "what"]
    head = "".join(f"<th>{text}</th>" for text in heads) + '<th class="n">value</th><th>unit</th>'
    head += "".join(f'<th class="n">{text}</th>' for text in told)
    body = "".join(_row(row, has_periods=has_periods, told=told) for row in section.rows)
    return f'<table class="rows"><thead><tr>{head}<th>remarks</th></tr></thead><tbody>{body}</tbody></table>'


_KNOWN = ("known", "estimated", "quality")
"""What is told of a number beside it, where any of a table has it."""


def _known(row: Row) -> dict[str, str]:
    quality = "" if row.quality is None else f"0x{row.quality:02X}"
    return {"known": _percent(row.coverage_pct), "estimated": _percent(row.estimated_pct), "quality": quality}


def _row(row: Row, *, has_periods: bool, told: Sequence[str]) -> str:
    cells = [f'<td class="where">{escape(row.where)}</td>']
    cells += [f'<td class="w when">{escape(row.period)}</td>'] if has_periods else []
    cells.append(f'<td class="what">{escape(row.label)}</td>')
    cells.append(f'<td class="n">{_value(row)}</td><td class="unit">{escape(row.unit)}</td>')
    known = _known(row)
    cells += [f'<td class="n known" data-head="{head}">{known[head]}</td>' for head in told]
    sure = f"uncertainty {row.uncertainty}" if row.uncertainty else ""
    notes = "; ".join(text for text in (row.note, sure, row.source) if text)
    cells.append(f'<td class="note">{escape(notes)}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _value(row: Row) -> str:
    text = shown(row.value, row.digits)
    if row.value is not None and row.expanded_95 is not None:
        text += f" &plusmn; {shown(row.expanded_95, row.digits)}"
    return text + (f"<sup>{ESTIMATED}</sup>" if row.is_estimated else "")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1f} %"


def _by_period(section: Section) -> str:
    """Return rows as one table for each place: a line a period, a column a label."""
    return "".join(_place(where, section) for where in dict.fromkeys(row.where for row in section.rows))


def _place(where: str, section: Section) -> str:
    rows = [row for row in section.rows if row.where == where]
    labels = {row.label: row.unit for row in rows}
    by_place = {(row.period, row.label): row for row in rows}
    head = "".join(f'<th class="n">{escape(label)}<br>{escape(unit)}</th>' for label, unit in labels.items())
    head += '<th class="n">least known</th>'
    lines = "".join(_line(period, labels, by_place) for period in dict.fromkeys(row.period for row in rows))
    return f'<table class="days"><thead><tr><th>{escape(where)}</th>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _line(period: str, labels: dict[str, str], by_place: dict[tuple[str, str], Row]) -> str:
    found = [by_place.get((period, label)) for label in labels]
    cells = "".join(f'<td class="n">{"" if row is None else _value(row)}</td>' for row in found)
    known = [row.coverage_pct for row in found if row is not None and row.coverage_pct is not None]
    least = f'<td class="n">{_percent(min(known)) if known else ""}</td>'
    return f"<tr><td>{escape(period)}</td>{cells}{least}</tr>"


def _listed(texts: tuple[str, ...]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def _missing(statement: Statement) -> str:
    if not statement.missing:
        return "<p>Nothing is missing.</p>"
    items = "".join(f"<li>{escape(lack.what)}. <i>{escape(lack.remedy)}</i></li>" for lack in statement.missing)
    head = "<h2>Missing or not configured: nothing was put in its place</h2>"
    return f'<section class="missing">{head}<ul>{items}</ul></section>'


def _standing(statement: Statement) -> str:
    return f"<section><h2>What this stands on</h2>{''.join(_stands_on(statement))}</section>"


def _stands_on(statement: Statement) -> Iterator[str]:
    standing = statement.standing
    yield f"<p>Stands on ledger entries up to {standing.last_entry}, digest <code>{escape(standing.digest)}</code>; "
    yield f"{standing.entries} entries were added up. 'potline verify' computes the chain again.</p>"
    if standing.waiting:
        yield f"<p>{standing.waiting} minutes of the period are still to be stated again.</p>"
    if standing.parameters:
        listed = ", ".join(f"<code>{escape(digest)}</code>" for digest in standing.parameters)
        yield f"<p>Parameters: {listed}.</p>"
    if standing.revisions:
        head = '<th>potline</th><th>interval</th><th class="n">revision</th><th>reason</th>'
        rows = "".join(
            f"<tr><td>{escape(each.potline)}</td><td>{escape(each.interval)}</td>"
            f'<td class="n">{each.revision}</td><td>{escape(each.reason)}</td></tr>'
            for each in standing.revisions
        )
        yield f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    else:
        yield "<p>No entry of the period was stated again.</p>"
