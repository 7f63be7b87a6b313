// Trends of the ratios, drawn by uPlot (uPlot.origin.txt). The same figures stand in the tables of the windows, so that
// who cannot see the charts misses nothing.

import { DASH, fixed, isNumber } from "./figures.js";
import { make, say } from "./elements.js";
import { clock } from "./times.js";

const HEIGHT_PX = 168;
const FONT = "12px system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif";
const charts = new Set();

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Colours are read when a chart is drawn: it follows when the system changes from light to dark.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((chart) => chart.redraw()));

const watchWidth = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.floor(contentRect.width);
    const { chart } = target;
    if (chart && width > 0 && chart.width !== width) chart.setSize({ width, height: HEIGHT_PX });
  }
});

// Times [s] and one row for each series; an interval that is missing leaves a gap.
function columns(windows, picks, stepS) {
  const known = new Map(windows.map((window) => [Date.parse(window.start) / 1000, window]));
  const starts = [...known.keys()].sort((one, other) => one - other);
  const times = [];
  for (const start of starts) {
    const last = times.at(-1);
    if (last !== undefined && start - last > 1.5 * stepS) times.push(last + stepS);
    times.push(start);
  }
  const row = (pick) => times.map((time) => (known.has(time) ? pick(known.get(time)) ?? null : null));
  return [times, ...picks.map(row)];
}

// The range holds every value and the lines to be kept to, and some room around them.
function range(chart, low, high) {
  const lines = chart.lines.filter(isNumber);
  const least = Math.min(...[low, ...lines].filter(isNumber));
  const most = Math.max(...[high, ...lines].filter(isNumber));
  if (!Number.isFinite(least)) return [0, 1];
  const room = Math.max((most - least) * 0.12, Math.abs(most) * 0.002, 1e-3);
  return [least - room, most + room];
}

export class Trend {
  // Series: {label, pick, colour}: how it is called, how it is read from a window, and the name of its colour.
  // Lines: the same for what is to be kept to, with dashes.
  constructor({ title, unitName, digits, stepS, spanS, series, lines = [] }) {
    Object.assign(this, { title, unitName, digits, stepS, spanS, series, lines });
    this.words = make("p", "readout");
    this.plot = make("div", "plot");
    this.plot.setAttribute("role", "img");
    this.element = make("div", "trend", make("h4", "", title, make("span", "muted", `, ${unitName}`)), this.words, this.plot);
    this.zone = "UTC";
    this.shown = "";
  }

  update(windows, values, zone) {
    this.zone = zone;
    const times = columns(windows, this.series.map(({ pick }) => pick), this.stepS);
    const rows = [...times, ...this.lines.map((_, index) => times[0].map(() => values[index] ?? null))];
    const key = JSON.stringify([rows, zone]);
    if (key === this.shown) return;
    this.shown = key;
    this.rows = rows;
    this.values = values;
    if (!this.chart) this.draw(rows);
    this.chart.lines = values;
    this.chart.setData(rows);
    this.tell(null);
    this.plot.setAttribute("aria-label", this.inWords());
  }

  draw(rows) {
    const axis = {
      font: FONT,
      stroke: () => colour("--muted"),
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { stroke: () => colour("--line"), width: 1, size: 4 },
    };
    const options = {
      width: Math.max(200, Math.floor(this.plot.clientWidth) || 320),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      tzDate: (time) => uPlot.tzDate(new Date(time * 1000), this.zone),
      scales: {
        x: { range: (_, low, high) => [Math.min(low, high - this.spanS), high] },
        y: { range },
      },
      axes: [
        { ...axis, size: 26, gap: 4, space: 56, values: (_, ticks) => ticks.map((time) => clock(this.zone, "minute").format(time * 1000)) },
        { ...axis, size: 58, gap: 6, space: 28, values: (_, ticks) => ticks.map((value) => fixed(value, this.digits)) },
      ],
      series: [
        {},
        ...this.series.map(({ label, colour: name }) => ({ label, width: 2, stroke: () => colour(name) })),
        ...this.lines.map(({ label, colour: name }) => ({
          label, width: 1.5, dash: [6, 4], stroke: () => colour(name), points: { show: false },
        })),
      ],
      hooks: { setCursor: [(chart) => this.tell(chart.cursor.idx)] },
    };
    this.chart = new uPlot(options, rows, this.plot);
    this.plot.chart = this.chart;
    charts.add(this.chart);
    watchWidth.observe(this.plot);
  }

  // The values under the pointer, or the newest ones.
  tell(index) {
    const at = isNumber(index) ? index : this.rows[0].length - 1;
    const parts = this.series.map(({ label, colour: name }, row) => {
      const value = this.rows[row + 1][at];
      return { text: `${label} ${fixed(value, this.digits)}`, name };
    });
    this.lines.forEach(({ label, colour: name }, row) => {
      if (isNumber(this.values[row])) parts.push({ text: `${label} ${fixed(this.values[row], this.digits)}`, name, dash: true });
    });
    const time = at < 0 ? DASH : clock(this.zone, "minute").format(this.rows[0][at] * 1000);
    const key = JSON.stringify([time, parts]);
    if (key === this.told) return;
    this.told = key;
    const marks = parts.map(({ text, name, dash }) =>
      make("span", "mark", make("span", `key ${name.slice(2)}${dash ? " dash" : ""}`), text),
    );
    this.words.replaceChildren(make("span", "at", time), ...marks);
  }

  inWords() {
    const told = this.series.map(({ label }, row) => {
      const values = this.rows[row + 1].filter(isNumber);
      if (!values.length) return `${label} not known`;
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const digits = this.digits;
      return `${label} between ${fixed(low, digits)} and ${fixed(high, digits)}, last ${fixed(values.at(-1), digits)}`;
    });
    return `${this.title}, ${this.unitName}: ${told.join("; ")}`;
  }
}

