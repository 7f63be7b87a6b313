// The live page: asks the collector for its state and shows it. It can change nothing.
// Text from the collector reaches the page only as text, never as markup.

const POLL_MS = 2000;
const GIVE_UP_MS = 5000;
const RECENT = 15;
const ANODE_EFFECT_V = 8;
const LATE_S = 180;
const DASH = "–";

// --- Words and figures -----------------------------------------------------------------------------------------------

const MEASURES = {
  line_dc: "potline, direct current",
  rectifier_ac: "rectifier, alternating current",
  auxiliary_ac: "auxiliaries, alternating current",
  monitored: "monitored, not accounted",
};
const METHODS = { ipcc_2006: "IPCC 2006", cbam_2025_2547: "(EU) 2025/2547 (CBAM)" };
const QUALITIES = {
  0: "bad",
  4: "not offered by the device",
  8: "not connected",
  12: "device failure",
  16: "not available",
  24: "no answer",
  64: "uncertain",
  84: "out of range",
  192: "good",
};
const WINDOWS = { minute: "minute", hour: "hour", 86400: "24 h" };
const UNITS = {
  kW: ["kW", 1],
  kWh: ["kWh", 0],
  MW: ["MW", 2],
  V: ["V", 1],
  A: ["A", 1],
  kA: ["kA", 2],
  kAh: ["kAh", 0],
  Hz: ["Hz", 2],
  1: ["", 3],
  uOhm: ["µΩ", 2],
  degC: ["°C", 0],
  mV: ["mV", 0],
};

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

const formats = new Map();

// Thousands apart by a thin space, which nobody takes for a decimal point.
function fixed(value, digits) {
  if (!isNumber(value)) return DASH;
  if (!formats.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" };
    formats.set(digits, new Intl.NumberFormat("en-GB", options));
  }
  return formats.get(digits).format(value).replaceAll(",", "\u202f").replace("-", "−");
}

const unit = (value, digits, name) => (isNumber(value) ? `${fixed(value, digits)}\u00a0${name}` : DASH);

function tonnes(value) {
  if (value === 0) return "0";
  return fixed(value, Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3);
}

// Rounded down: what is not whole never shows as 100 %.
function percent(value) {
  if (!isNumber(value)) return DASH;
  const down = Math.floor(value * 10 + 1e-6) / 10;
  return unit(down, Number.isInteger(down) ? 0 : 1, "%");
}

const estimatedPercent = (value) => (value > 0 && value < 0.1 ? "<\u00a00.1\u00a0%" : unit(value, value ? 1 : 0, "%"));

function bytes(value) {
  if (!isNumber(value)) return DASH;
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  while (value >= 1024 && power < names.length - 1) {
    value /= 1024;
    power += 1;
  }
  return unit(value, power && value < 100 ? 1 : 0, names[power]);
}

function duration(seconds) {
  if (!isNumber(seconds)) return DASH;
  const s = Math.max(0, seconds);
  if (s < 60) return unit(Math.floor(s), 0, "s");
  if (s < 3600) return unit(Math.floor(s / 60), 0, "min");
  if (s < 172800) return `${unit(Math.floor(s / 3600), 0, "h")} ${unit(Math.floor((s % 3600) / 60), 0, "min")}`;
  return unit(Math.floor(s / 86400), 0, "days");
}

// --- Time ------------------------------------------------------------------------------------------------------------

const times = new Map();

function clock(zone, kind) {
  const key = `${zone} ${kind}`;
  if (!times.has(key)) {
    const hm = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const options = {
      minute: hm,
      second: { ...hm, second: "2-digit" },
      day: { day: "numeric", month: "short" },
      date: { weekday: "short", day: "numeric", month: "short" },
    }[kind];
    times.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }));
  }
  return times.get(key);
}

// The plant's zone, or UTC where this browser does not know it.
function zoneOf(name) {
  try {
    clock(name, "minute");
    return name;
  } catch {
    return "UTC";
  }
}

// Time of day, with the day in front where it is another day at the plant.
function moment(ms, zone, nowMs, kind = "minute") {
  if (!isNumber(ms)) return DASH;
  const day = clock(zone, "day").format(ms);
  const time = clock(zone, kind).format(ms);
  return day === clock(zone, "day").format(nowMs) ? time : `${day} ${time}`;
}

// --- Building --------------------------------------------------------------------------------------------------------

const byId = (id) => document.getElementById(id);

function make(name, className = "", ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

// Only what changed is touched: a selection, a scroll position and the focus survive.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function dress(element, className) {
  if (element.className !== className) element.className = className;
}

// One child for each key, made once and kept.
function keep(parent, kept, keys, build) {
  for (const [key, part] of kept) {
    if (!keys.includes(key)) {
      part.element.remove();
      kept.delete(key);
    }
  }
  keys.forEach((key, index) => {
    if (!kept.has(key)) kept.set(key, build(key));
    const { element } = kept.get(key);
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

// A cell is a text, or an object: text, note (a second line), tag (good, quiet, warn, bad), code, values.
function fill(cell, content) {
  const spec = typeof content === "object" ? content : { text: content };
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

const watchWidth = new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target.closest(".scroll"))));

// A table that is wider than its place can be scrolled with the keyboard too.
function reach(scroll) {
  if (!scroll) return;
  if (scroll.scrollWidth > scroll.clientWidth + 1) scroll.tabIndex = 0;
  else scroll.removeAttribute("tabindex");
}

class Table {
  // Columns: {label, group, num, wrap}. The first one names the row.
  constructor(name, columns, { empty = "nothing yet" } = {}) {
    this.columns = columns;
    this.empty = empty;
    this.shown = [];
    this.body = make("tbody");
    const grouped = columns.some(({ group }) => group);
    const table = make("table", grouped ? "grouped" : "", make("caption", "unseen", name), this.head(), this.body);
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
      cell.scope = "col";
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
    return make("thead", "", ...rows.slice(0, grouped ? 2 : 1));
  }

  classOf(column) {
    const { num, wrap, starts } = column;
    const last = column === this.columns.at(-1);
    return [num && "num", wrap && "wrap", starts && "starts", last && "last"].filter(Boolean).join(" ");
  }

  update(rows) {
    if (!rows.length) {
      if (this.shown !== null) {
        const cell = make("td", "none", this.empty);
        cell.colSpan = this.columns.length;
        this.body.replaceChildren(make("tr", "", cell));
      }
      this.shown = null;
      return;
    }
    if (this.shown === null) {
      this.body.replaceChildren();
      this.shown = [];
    }
    while (this.shown.length > rows.length) {
      this.body.lastElementChild.remove();
      this.shown.pop();
    }
    rows.forEach((row, r) => {
      if (r === this.shown.length) {
        this.body.append(make("tr", "", ...this.columns.map((column, c) => this.cell(column, c))));
        this.shown.push([]);
      }
      row.forEach((content, c) => {
        const key = JSON.stringify(content);
        if (this.shown[r][c] === key) return;
        this.shown[r][c] = key;
        fill(this.body.children[r].children[c], content);
      });
    });
  }

  cell(column, index) {
    const cell = make(index ? "td" : "th", this.classOf(column));
    if (!index) cell.scope = "row";
    return cell;
  }
}

// Names and values, in a list that is made once.
class Facts {
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

const qualityTag = (quality) => (quality >= 192 ? "good" : quality >= 64 ? "warn" : "bad");
const qualityWords = (quality) => QUALITIES[quality] ?? String(quality);

// --- A potline -------------------------------------------------------------------------------------------------------

const ENERGY = "Energy, kWh/t";
const EMISSIONS = "Emissions, t CO₂e/t";
const METAL = "Metal, t";
const EFFECTS = "Anode effects";
const COVERAGE = "Coverage";
const WINDOW_COLUMNS = [
  { label: "DC", group: ENERGY, num: true },
  { label: "AC", group: ENERGY, num: true },
  { label: "total", group: EMISSIONS, num: true },
  { label: "anode", group: EMISSIONS, num: true },
  { label: "PFC", group: EMISSIONS, num: true },
  { label: "electricity", group: EMISSIONS, num: true },
  { label: "made", group: METAL, num: true },
  { label: "tapped", group: METAL, num: true },
  { label: "number", group: EFFECTS, num: true },
  { label: "minutes", group: EFFECTS, num: true },
  { label: "DC", group: COVERAGE, num: true },
  { label: "AC", group: COVERAGE, num: true },
];

function measured(state, potline, measures) {
  return state.meters.some((meter) => meter.potline === potline.id && meter.measures === measures);
}

// Why there is no ratio, in words; empty where there is one.
function missing(state, potline, intensity, ratio, needs) {
  if (!intensity) {
    const lacking = needs.find((measures) => !measured(state, potline, measures));
    if (lacking) return `not measured: no meter of the ${MEASURES[lacking]}`;
    return "withheld: no whole minute is known";
  }
  if (isNumber(ratio)) return "";
  if (!(intensity.metal_t > 0)) return "withheld: no metal was made";
  // What is estimated counts towards the least coverage, so it is named here.
  const { coverage_pct: coverage, estimated_pct: estimated } = intensity;
  const part = estimated > 0 ? ` with ${estimatedPercent(estimated)} estimated` : "";
  const least = state.plant.least_coverage_pct;
  return `withheld: coverage ${percent(coverage)}${part} is ${isNumber(least) ? `below ${percent(least)}` : "too low"}`;
}

function known(intensity, energy) {
  if (!intensity) return `coverage ${DASH}, estimated ${DASH}`;
  const words = `coverage ${percent(intensity.coverage_pct)}, estimated ${estimatedPercent(energy?.estimated_pct)}`;
  return intensity.quality >= 192 ? words : `${words}, quality ${qualityWords(intensity.quality)}`;
}

// Without a whole minute, nothing booked is not the same as nothing made.
function metal(window) {
  if (window.metal_t === 0 && !window.dc && !window.liquid_ac) return DASH;
  return tonnes(window.metal_t);
}

function covered(energy) {
  if (!energy) return DASH;
  const note = energy.estimated_pct > 0 ? `${estimatedPercent(energy.estimated_pct)} est.` : "";
  return { text: percent(energy.coverage_pct), note };
}

function ratio(intensity, value, digits) {
  if (intensity && !isNumber(value)) return { text: "withheld", tag: "quiet" };
  return fixed(value, digits);
}

function windowCells(window) {
  if (!window) return WINDOW_COLUMNS.map(() => DASH);
  const { dc, liquid_ac: ac, emissions } = window;
  const stated = isNumber(emissions?.t_co2e_per_t);
  const share = (amount) => (stated ? fixed(amount / emissions.metal_t, 3) : DASH);
  return [
    ratio(dc, dc?.kwh_per_t, 0),
    ratio(ac, ac?.kwh_per_t, 0),
    ratio(emissions, emissions?.t_co2e_per_t, 3),
    share(emissions?.anode_t_co2e),
    share(emissions?.pfc_t_co2e),
    share(emissions?.electricity_t_co2e),
    metal(window),
    tonnes(window.tapped_t),
    fixed(window.anode_effects, 0),
    window.anode_effects === 0 && window.anode_effect_s === 0 ? "0" : fixed(window.anode_effect_s / 60, 1),
    covered(dc),
    covered(ac),
  ];
}

class Figure {
  constructor(title, unitName, boundary) {
    this.value = make("span");
    this.unit = make("span", "unit", unitName);
    this.big = make("dd", "big", this.value, this.unit);
    this.known = make("dd", "known");
    this.parts = make("dd");
    const where = make("dd", "boundary", `Boundary: ${boundary}`);
    this.element = make("div", "figure", make("dt", "", title), this.big, this.known, this.parts, where);
  }

  update(text, why, knownWords, parts = "") {
    say(this.value, why || text);
    this.unit.hidden = Boolean(why);
    dress(this.big, !why ? "big" : why.startsWith("withheld") ? "big withheld" : "big withheld none");
    say(this.known, knownWords);
    say(this.parts, parts);
    this.parts.hidden = !parts;
  }
}

class PotlineCard {
  constructor(potline) {
    this.title = make("h2");
    this.title.id = `potline-${potline.id}`;
    this.span = make("p", "muted");
    this.dc = new Figure("Energy, DC", "kWh/t", "direct current to the pots, behind the rectifiers.");
    this.ac = new Figure(
      "Energy, AC (liquid metal)",
      "kWh/t",
      "alternating current into the rectifiers; auxiliaries and casthouse not included.",
    );
    this.co2 = new Figure(
      "Emissions",
      "t CO₂e/t",
      "anodes, PFC by the slope method, and the rectifiers’ electricity (location-based).",
    );
    const live = make("dl", "live");
    this.live = ["Line current", "Line voltage", "DC power", "AC power", "Pots operating"].map((name) => {
      const value = make("span");
      const unitName = make("span", "unit");
      live.append(make("div", "", make("dt", "", name), make("dd", "", value, unitName)));
      return [value, unitName];
    });
    const windows = [{ label: "Window" }, ...WINDOW_COLUMNS.map((column) => ({ ...column }))];
    this.table = new Table(`Windows of ${potline.name}`, windows);
    const figures = make("dl", "figures", this.dc.element, this.ac.element, this.co2.element);
    const head = make("div", "potline-head", this.title, this.span);
    this.element = make("section", "card potline", head, figures, live, this.table.element);
    this.element.setAttribute("aria-labelledby", this.title.id);
  }

  update(state, potline, { zone, nowMs }) {
    say(this.title, potline.name === potline.id ? potline.name : `${potline.name} (${potline.id})`);
    const { minute, hour, rolling_24h: day, last_60_min: recent } = potline.windows;
    say(this.span, this.until(recent, zone, nowMs));
    dress(this.span, this.late(recent, nowMs) ? "tag warn" : "muted");

    const { dc, liquid_ac: ac, emissions } = recent ?? {};
    const acNeeds = ["line_dc", "rectifier_ac"];
    const why = (intensity, value, needs) =>
      recent ? missing(state, potline, intensity, value, needs) : "no minute closed yet";
    this.dc.update(fixed(dc?.kwh_per_t, 0), why(dc, dc?.kwh_per_t, ["line_dc"]), known(dc, dc));
    this.ac.update(fixed(ac?.kwh_per_t, 0), why(ac, ac?.kwh_per_t, acNeeds), known(ac, ac));
    // Emissions are formed over the same minutes as the AC figure and share its estimated part.
    const emitted = emissions && { ...emissions, estimated_pct: ac?.estimated_pct };
    const total = emissions?.t_co2e_per_t;
    this.co2.update(fixed(total, 2), why(emitted, total, acNeeds), known(emitted, ac), this.parts(emissions));

    const { live } = potline;
    const acMw = isNumber(live.ac_power_kw) ? live.ac_power_kw / 1000 : null;
    const pots = fixed(minute?.pots_operating, 0);
    [
      [fixed(live.line_current_ka, 1), "kA"],
      [fixed(live.line_voltage_v, 1), "V"],
      [fixed(live.dc_power_mw, 2), "MW"],
      [fixed(acMw, 2), "MW"],
      [pots, `of ${fixed(potline.pots, 0)}`],
    ].forEach(([text, unitName], index) => {
      say(this.live[index][0], text);
      say(this.live[index][1], text === DASH && index < 4 ? "" : ` ${unitName}`);
    });

    const row = (name, window) => [{ text: name, note: this.note(window, zone, nowMs) }, ...windowCells(window)];
    this.table.update([
      row("Last minute", minute),
      row(recent && recent.length_s < 3600 ? `Last ${fixed(recent.length_s / 60, 0)} min` : "Last 60 min", recent),
      row("Last full hour", hour),
      row("Rolling 24 h", day),
    ]);
  }

  late(recent, nowMs) {
    return Boolean(recent) && nowMs - endOf(recent) > LATE_S * 1000;
  }

  until(recent, zone, nowMs) {
    if (!recent) return "no minute closed yet";
    const minutes = Math.round(recent.length_s / 60);
    const words = `${minutes === 1 ? "last minute" : `last ${minutes} minutes`}, to ${moment(endOf(recent), zone, nowMs)}`;
    if (!this.late(recent, nowMs)) return words;
    return `no minute closed for ${duration((nowMs - endOf(recent)) / 1000)}: ${words}`;
  }

  parts(emissions) {
    if (!isNumber(emissions?.t_co2e_per_t)) return "";
    const share = (amount) => fixed(amount / emissions.metal_t, 2);
    const { anode_t_co2e: anode, pfc_t_co2e: pfc, electricity_t_co2e: electricity } = emissions;
    return `anodes ${share(anode)}, PFC ${share(pfc)}, electricity ${share(electricity)}`;
  }

  note(window, zone, nowMs) {
    if (!window) return "";
    const words = `${moment(Date.parse(window.start), zone, nowMs)} to ${moment(endOf(window), zone, nowMs)}`;
    return window.restated ? `${words}, restated` : words;
  }
}

const endOf = (window) => Date.parse(window.start) + window.length_s * 1000;

// --- Pots ------------------------------------------------------------------------------------------------------------

const STEPS_V = [0.05, 0.1, 0.2];

function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Class, mark to see, mark to hear.
function classify(volts, middle) {
  if (!isNumber(volts)) return ["none", "", "no value"];
  if (volts > ANODE_EFFECT_V) return ["ae", "AE", "anode effect"];
  // Rounded as it is shown, so that the colour fits the figures.
  const distance = Math.round((volts - middle) * 100) / 100;
  const level = STEPS_V.filter((step) => Math.abs(distance) >= step).length;
  if (!level) return ["", "", ""];
  const side = distance > 0 ? "high" : "low";
  return [`${side}-${level}`, level < 3 ? "" : side === "high" ? "▲" : "▼", level < 3 ? "" : side];
}

class PotGrid {
  constructor(potline) {
    this.title = make("h3");
    this.words = make("p");
    this.list = make("ul", "pots");
    this.cells = [];
    this.element = make("div", "card", make("div", "pots-head", this.title, this.words), this.list, this.legend());
    this.list.setAttribute("aria-label", `Pot voltages of ${potline.name}`);
  }

  legend() {
    const [one, two, three] = STEPS_V.map((step) => unit(step, 2, "V"));
    const entries = [
      ["low-3", `▼ ${three} or more below the median`],
      ["low-2", `${two} below`],
      ["low-1", `${one} below`],
      ["", "near it"],
      ["high-1", `${one} above`],
      ["high-2", `${two} above`],
      ["high-3", `▲ ${three} or more above`],
      ["ae", `AE: over ${unit(ANODE_EFFECT_V, 0, "V")}`],
    ];
    return make("ul", "legend", ...entries.map(([name, text]) => make("li", "", make("span", `swatch ${name}`), text)));
  }

  update(potline) {
    const volts = potline.pot_voltages_v;
    const ids = potline.pot_ids;
    say(this.title, potline.name);
    const usable = volts.filter((value) => isNumber(value) && value <= ANODE_EFFECT_V);
    const middle = median(usable);
    say(this.words, this.summary(ids, volts, middle));
    while (this.cells.length > ids.length) this.cells.pop().element.remove();
    ids.forEach((id, index) => {
      const cell = this.cells[index] ?? this.cell();
      const [name, mark, words] = classify(volts[index], middle);
      dress(cell.element, name);
      say(cell.id, id);
      say(cell.mark, mark);
      say(cell.words, words);
      say(cell.volts, fixed(volts[index], volts[index] >= 10 ? 1 : 2));
      cell.unit.hidden = !isNumber(volts[index]);
    });
  }

  cell() {
    const id = make("span");
    const mark = make("span", "pot-mark");
    const words = make("span", "unseen");
    const volts = make("span");
    const unitName = make("small", "", "\u00a0V");
    mark.setAttribute("aria-hidden", "true");
    const head = make("span", "pot-id", id, mark);
    const element = make("li", "", head, make("span", "pot-v", volts, unitName), words);
    const cell = { element, id, mark, words, volts, unit: unitName };
    this.list.append(element);
    this.cells.push(cell);
    return cell;
  }

  summary(ids, volts, middle) {
    const numbered = ids.map((id, index) => [id, volts[index]]).filter(([, value]) => isNumber(value));
    const effects = numbered.filter(([, value]) => value > ANODE_EFFECT_V).map(([id]) => id);
    const calm = numbered.filter(([, value]) => value <= ANODE_EFFECT_V).sort((a, b) => a[1] - b[1]);
    const words = [`median ${unit(middle, 2, "V")}`];
    if (calm.length) {
      const [low, high] = [calm[0], calm.at(-1)];
      words.push(`lowest ${unit(low[1], 2, "V")} (${low[0]})`, `highest ${unit(high[1], 2, "V")} (${high[0]})`);
    }
    words.push(effects.length ? `in anode effect: ${effects.join(", ")}` : "none in anode effect");
    const without = ids.length - numbered.length;
    if (without) words.push(`${fixed(without, 0)} without a value`);
    return words.join(" · ");
  }
}

class RecentMinutes {
  constructor(potline) {
    this.title = make("h3");
    const columns = [
      { label: "Minute" },
      ...WINDOW_COLUMNS.map((column) => ({ ...column })),
      { label: "Pots", num: true },
      { label: "Quality" },
    ];
    this.table = new Table(`Recent minutes of ${potline.name}`, columns, { empty: "no minute closed yet" });
    this.element = make("div", "card", this.title, this.table.element);
  }

  update(potline, { zone, nowMs }) {
    say(this.title, potline.name);
    const rows = potline.recent.slice(-RECENT).reverse();
    this.table.update(
      rows.map((window) => {
        const note = window.restated ? `revision ${window.restated + 1}` : "";
        return [
          { text: moment(Date.parse(window.start), zone, nowMs), note },
          ...windowCells(window),
          fixed(window.pots_operating, 0),
          this.quality(window),
        ];
      }),
    );
  }

  quality({ dc, liquid_ac: ac }) {
    const found = [dc, ac].filter(Boolean).map(({ quality }) => quality);
    if (!found.length) return DASH;
    const worst = Math.min(...found);
    return { text: qualityWords(worst), tag: qualityTag(worst) };
  }
}

// --- The rest --------------------------------------------------------------------------------------------------------

const STATE_COLUMNS = [{ label: "State", wrap: true }];
const tables = {
  meters: new Table("Meters", [
    { label: "Meter" },
    { label: "Quality" },
    { label: "Age", num: true },
    { label: "Values" },
    { label: "Round trip", num: true },
    { label: "Last error", wrap: true },
    { label: "Endpoint and profile" },
  ], { empty: "no meters configured" }),
  databases: new Table("Databases", [{ label: "Database" }, ...STATE_COLUMNS]),
  sources: new Table("Sources", [{ label: "Source" }, ...STATE_COLUMNS], { empty: "no source has started yet" }),
  ledger: new Table("Latest entries of the ledger", [
    { label: "Entry" },
    { label: "Written" },
    { label: "Potline" },
    { label: "Window" },
    { label: "Start" },
    { label: "Revision", num: true },
    { label: "Reason", wrap: true },
    { label: "Digest starts" },
  ], { empty: "no entry yet" }),
  events: new Table("Latest events", [
    { label: "Time" },
    { label: "Potline" },
    { label: "Event" },
    { label: "Details", wrap: true },
    { label: "Id", wrap: true },
  ], { empty: "no event yet" }),
};
const outboxFacts = new Facts(byId("outbox"), [
  "Records waiting",
  "On disk",
  "Oldest waits",
  "Dead letters kept",
  "Lines delivered",
  "Lines refused",
  "Lines dropped",
  "Records dropped",
  "Readings lost",
  "The line",
]);
const totalsFacts = new Facts(byId("totals"), [
  "Readings",
  "Without a value",
  "Booked into the past",
  "Too late to book",
  "Messages rejected",
  "Counter glitches",
  "Polls skipped",
  "Steps of the clock",
  "Commits",
  "Slowest commit",
]);
for (const [name, table] of Object.entries(tables)) byId(name).append(table.element);

const words = (label) => label.replaceAll("_", " ");

// The last error, and under it the registers that the device refuses: they are asked again from time to time.
function trouble(meter) {
  const aside = meter.set_aside.map(({ registers, reason }) => `set aside: ${registers.map(words).join(", ")} (${reason})`);
  if (isNumber(meter.most_registers)) aside.push(`takes at most ${meter.most_registers} registers a request`);
  const note = aside.join("; ");
  if (meter.error) return { text: meter.error, note };
  return note ? { text: "none", note } : { text: "none", tag: "quiet" };
}

function meterRow(meter) {
  const tag = meter.quality_words === "not read yet" ? "quiet" : qualityTag(meter.quality);
  const values = Object.entries(meter.values).map(([label, { value, unit: name }]) => {
    const [symbol, digits] = UNITS[name] ?? [name, 2];
    return [words(label), symbol ? unit(value, digits, symbol) : fixed(value, digits)];
  });
  const measures = MEASURES[meter.measures] ?? words(meter.measures);
  return [
    { text: meter.id, note: meter.potline ? `${measures}, ${meter.potline}` : measures },
    { text: meter.quality_words, tag },
    duration(meter.age_s),
    { values },
    isNumber(meter.round_trip_s) ? unit(meter.round_trip_s * 1000, meter.round_trip_s < 0.01 ? 1 : 0, "ms") : DASH,
    trouble(meter),
    { text: meter.endpoint, note: meter.profile },
  ];
}

const stateRows = (states, well) =>
  Object.entries(states).map(([name, state]) => [name, { text: state, tag: state === well ? "good" : "warn" }]);

const byCause = (counts, tone) => {
  const told = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  return told.length ? [told.map(([cause, count]) => `${words(cause)}: ${fixed(count, 0)}`).join(", "), tone] : fixed(0, 0);
};

const alarming = (count, tone) => [fixed(count, 0), count > 0 ? tone : ""];

function showDelivery(state, nowMs) {
  const { outbox, totals } = state;
  const databases = Object.keys(state.targets).length;
  byId("no-database").hidden = databases > 0;
  byId("databases").hidden = !databases;
  tables.databases.update(stateRows(state.targets, "delivering"));
  outboxFacts.update([
    fixed(outbox.records, 0),
    bytes(outbox.size_bytes),
    outbox.records ? duration((nowMs - outbox.oldest_ns / 1e6) / 1000) : DASH,
    alarming(outbox.dead, "warn"),
    fixed(totals.delivered_total, 0),
    alarming(totals.refused_total, "warn"),
    alarming(totals.dropped_total, databases ? "bad" : ""),
    byCause(totals.dropped_records_by_cause, databases ? "bad" : ""),
    byCause(totals.readings_lost_by_wait, "bad"),
    state.line_waits ? [`waits: ${state.line_waits}`, "bad"] : "works",
  ]);
}

function showSources(state, { zone, nowMs }) {
  const { totals } = state;
  tables.sources.update(stateRows(state.sources, "running"));
  const started = Date.parse(state.started);
  say(byId("totals-title"), `Since the start ${duration((nowMs - started) / 1000)} ago, ${moment(started, zone, nowMs)}`);
  totalsFacts.update([
    fixed(totals.readings_total, 0),
    fixed(totals.readings_bad_total, 0),
    fixed(totals.late_booked_total, 0),
    alarming(totals.late_refused_total, "warn"),
    alarming(totals.rejected_total, "warn"),
    fixed(totals.glitches_total, 0),
    fixed(totals.poll_late_total, 0),
    alarming(totals.clock_steps_total, "warn"),
    fixed(totals.commits_total, 0),
    unit(totals.commit_slowest_s * 1000, 0, "ms"),
  ]);
}

function showLedger(state, { zone, nowMs }) {
  const { entries, latest } = state.ledger;
  say(byId("ledger-title"), `Ledger: ${entries === 1 ? "1 entry" : `${fixed(entries, 0)} entries`} so far, each chained to the one before`);
  tables.ledger.update(
    latest.map((entry) => [
      fixed(entry.seq, 0),
      moment(Date.parse(entry.written), zone, nowMs, "second"),
      entry.potline,
      WINDOWS[entry.window] ?? entry.window,
      moment(Date.parse(entry.start), zone, nowMs),
      fixed(entry.revision, 0),
      entry.reason,
      { text: entry.digest, code: true },
    ]),
  );
}

function showEvents(state, { zone, nowMs }) {
  const told = state.potlines.flatMap(({ id, events }) => events.map((event) => ({ ...event, potline: id })));
  told.sort((one, other) => Date.parse(other.time) - Date.parse(one.time));
  tables.events.update(
    told.slice(0, 10).map((event) => [
      moment(Date.parse(event.time), zone, nowMs, "second"),
      event.potline,
      event.what,
      event.words,
      { text: event.id, code: true },
    ]),
  );
}

const cards = new Map();
const grids = new Map();
const minutes = new Map();

function show(state) {
  const nowMs = Date.parse(state.now);
  const time = { zone: zoneOf(state.plant.time_zone), nowMs };
  const { plant, potlines } = state;
  say(byId("plant-name"), plant.name);
  const lines = new Map(potlines.map((potline) => [potline.id, potline]));
  const keys = [...lines.keys()];
  keep(byId("potlines"), cards, keys, (id) => new PotlineCard(lines.get(id)));
  keep(byId("pots"), grids, keys, (id) => new PotGrid(lines.get(id)));
  keep(byId("recent"), minutes, keys, (id) => new RecentMinutes(lines.get(id)));
  for (const [id, potline] of lines) {
    cards.get(id).update(state, potline, time);
    grids.get(id).update(potline);
    minutes.get(id).update(potline, time);
  }
  tables.meters.update(state.meters.map(meterRow));
  showDelivery(state, nowMs);
  showSources(state, time);
  showEvents(state, time);
  showLedger(state, time);
  say(byId("method"), `Method ${METHODS[plant.method] ?? plant.method}, global warming potentials ${plant.gwp.toUpperCase()}.`);
  byId("figures").hidden = false;
  byId("foot").hidden = false;
}

// --- The link --------------------------------------------------------------------------------------------------------

class Failure extends Error {}

const link = { trouble: "", heardMs: null, ahead: 0, zone: "UTC", zoneName: "UTC", plant: "", asking: false };
let timer;

async function ask() {
  let answer;
  try {
    answer = await fetch("api/state", { cache: "no-store", signal: AbortSignal.timeout(GIVE_UP_MS) });
  } catch (error) {
    throw new Failure(`collector does not answer${error.name === "TimeoutError" ? " in time" : ""}`);
  }
  if (!answer.ok) throw new Failure(`collector answers with an error (HTTP ${answer.status})`);
  try {
    return await answer.json();
  } catch (error) {
    throw new Failure(`collector's answer ${error.name === "TimeoutError" ? "did not come in time" : "cannot be read"}`);
  }
}

async function poll() {
  clearTimeout(timer);
  if (document.hidden || link.asking) return;
  link.asking = true;
  try {
    const state = await ask();
    try {
      show(state);
    } catch (error) {
      console.error(error);
      throw new Failure("page does not understand the collector's answer; reload it");
    }
    link.heardMs = Date.now();
    link.ahead = Date.parse(state.now) - link.heardMs;
    link.zone = zoneOf(state.plant.time_zone);
    link.zoneName = link.zone === state.plant.time_zone ? link.zone : `UTC, ${state.plant.time_zone} is not known here`;
    link.plant = state.plant.name;
    link.trouble = "";
  } catch (error) {
    link.trouble = error instanceof Failure ? error.message : String(error);
  } finally {
    link.asking = false;
    tick();
    timer = setTimeout(poll, POLL_MS);
  }
}

function tick() {
  const { trouble, heardMs } = link;
  const age = heardMs === null ? null : Math.max(0, (Date.now() - heardMs) / 1000);
  if (heardMs !== null) {
    const nowMs = Date.now() + link.ahead;
    const { zone } = link;
    say(byId("clock-plant"), `${clock(zone, "date").format(nowMs)}, ${clock(zone, "second").format(nowMs)}`);
    say(byId("clock-utc"), `${link.zoneName} · ${clock("UTC", "minute").format(nowMs)}\u00a0UTC`);
  }
  if (heardMs !== null || trouble) {
    byId("link").dataset.state = trouble ? "down" : "up";
    say(byId("link-words"), trouble ? "no new figures" : "connected");
    say(byId("link-why"), trouble ? `: the ${trouble}` : "");
    say(byId("link-age"), age === null ? "" : trouble ? `for ${duration(age)}` : `figures ${duration(age)} old`);
  }
  const old = age === null ? "There are no figures yet." : `The figures below are ${duration(age)} old.`;
  say(byId("banner"), trouble ? `The ${trouble}. ${old}` : "");
  byId("banner").hidden = !trouble;
  dress(byId("figures"), trouble ? "old" : "");
  document.title = `${trouble ? "No answer: " : ""}${link.plant || "Potline collector"}`;
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});
setInterval(tick, 1000);
poll();
