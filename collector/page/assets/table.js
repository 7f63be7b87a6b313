// Tables and lists of facts, which are made once and then only touched where something changed.

import { DASH } from "./figures.js";
import { dress, make, say } from "./elements.js";

// A cell is a text, or an object: text, note (a second line), tag (good, quiet, warn, bad), code, values.
function fill(cell, content) {
  const spec = typeof content === "object" ? content : { text: content };
  if (spec.values && revalue(cell, spec.values)) return;
  const text = spec.text ?? DASH;
  cell.replaceChildren();
  if (spec.values) {
    const items = spec.values.map(([label, value]) => make("li", "", make("span", "label", label), ` ${value}`));
    cell.append(items.length ? make("ul", "values", ...items) : DASH);
  } else if (spec.tag || spec.code) {
    cell.append(make("span", spec.code ? "code" : `tag ${spec.tag}`, text));
  } else {
    cell.append(text);
  }
  if (spec.note) cell.append(make("span", "note", spec.note));
}

// Values that change every second are written into their places, where their names are the same.
function revalue(cell, values) {
  const items = cell.firstElementChild?.className === "values" ? cell.firstElementChild.children : [];
  if (!values.length || items.length !== values.length) return false;
  if (values.some(([label], index) => items[index].firstChild.textContent !== label)) return false;
  values.forEach(([, value], index) => {
    const { lastChild } = items[index];
    if (lastChild.data !== ` ${value}`) lastChild.data = ` ${value}`;
  });
  return true;
}

const watchWidth = new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target.closest(".scroll"))));

// A table that is wider than its place can be scrolled with the keyboard too.
function reach(scroll) {
  if (!scroll) return;
  if (scroll.scrollWidth > scroll.clientWidth + 1) scroll.tabIndex = 0;
  else scroll.removeAttribute("tabindex");
}

export class Table {
  // Columns: {label, group, num, wrap}. The first one names the row.
  // Stacked: on a narrow screen each row is a block of its own, with the column's name before each value.
  constructor(name, columns, { empty = "nothing yet", stacked = false } = {}) {
    this.columns = columns;
    this.empty = empty;
    this.stacked = stacked;
    this.shown = [];
    this.places = [];
    this.body = this.role(make("tbody"), "rowgroup");
    const grouped = columns.some(({ group }) => group);
    const kind = [grouped && "grouped", stacked && "stacked"].filter(Boolean).join(" ");
    const table = make("table", kind, make("caption", "unseen", name), this.head(), this.body);
    this.role(table, "table");
    this.element = make("div", "scroll", table);
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", name);
    watchWidth.observe(this.element);
    watchWidth.observe(table);
  }

  head() {
    const grouped = this.columns.some(({ group }) => group);
    const rows = [make("tr"), make("tr")];
    let last;
    this.columns.forEach((column, index) => {
      const opens = Boolean(column.group && column.group !== last);
      // The column that names the row draws its own edge, which stays where it stays.
      column.starts = index > 1 && column.group !== last;
      const cell = make("th", this.classOf(column).replace("wrap", ""), column.label);
      this.role(cell, "columnheader").scope = "col";
      if (!column.group) {
        if (grouped) cell.rowSpan = 2;
        rows[0].append(cell);
      } else {
        if (opens) {
          const over = make("th", column.starts ? "starts" : "", column.group);
          over.scope = "colgroup";
          over.colSpan = this.columns.filter(({ group }) => group === column.group).length;
          rows[0].append(over);
        }
        rows[1].append(cell);
      }
      last = column.group;
    });
    rows.forEach((row) => this.role(row, "row"));
    return this.role(make("thead", "", ...rows.slice(0, grouped ? 2 : 1)), "rowgroup");
  }

  classOf(column) {
    const { num, wrap, starts } = column;
    const last = column === this.columns.at(-1);
    return [num && "num", wrap && "wrap", starts && "starts", last && "last"].filter(Boolean).join(" ");
  }

  update(rows) {
    if (!rows.length) {
      this.none();
      return;
    }
    if (this.shown === null) {
      this.body.replaceChildren();
      this.shown = [];
      this.places = [];
    }
    while (this.shown.length > rows.length) {
      this.body.lastElementChild.remove();
      this.shown.pop();
      this.places.pop();
    }
    const fresh = document.createDocumentFragment();
    rows.forEach((row, r) => {
      if (r === this.shown.length) {
        this.places.push(this.columns.map((column, c) => this.cell(column, c)));
        fresh.append(this.role(make("tr", "", ...this.places[r]), "row"));
        this.shown.push([]);
      }
      row.forEach((content, c) => {
        const key = typeof content === "string" ? content : JSON.stringify(content);
        if (this.shown[r][c] === key) return;
        this.shown[r][c] = key;
        fill(this.places[r][c], content);
      });
    });
    this.body.append(fresh);
  }

  none() {
    if (this.shown === null && this.said === this.empty) return;
    const cell = this.role(make("td", "none", this.empty), "cell");
    cell.colSpan = this.columns.length;
    this.body.replaceChildren(this.role(make("tr", "", cell), "row"));
    this.shown = null;
    this.said = this.empty;
  }

  cell(column, index) {
    const cell = this.role(make(index ? "td" : "th", this.classOf(column)), index ? "cell" : "rowheader");
    if (!index) cell.scope = "row";
    else if (this.stacked) cell.dataset.label = column.label;
    return cell;
  }

  // A table whose rows are laid out as blocks is still told as a table.
  role(element, name) {
    if (this.stacked) element.setAttribute("role", name);
    return element;
  }
}

// Names and values, in a list that is made once.
export class Facts {
  constructor(element, names) {
    this.values = names.map((name) => {
      const value = make("dd");
      element.append(make("div", "", make("dt", "", name), value));
      return value;
    });
  }

  update(contents) {
    contents.forEach((content, index) => {
      const [text, tone] = Array.isArray(content) ? content : [content, ""];
      say(this.values[index], text);
      dress(this.values[index], tone);
    });
  }
}

