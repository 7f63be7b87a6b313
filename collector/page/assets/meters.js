// Every meter: its last values, how good and how old they are, and how it is doing on its line, in words.

import { DASH, MEASURES, UNITS, duration, fixed, isNumber, qualityTag, unit, words } from "./figures.js";
import { byId, dress, make, say } from "./elements.js";
import { Table } from "./table.js";

// So many meters and fewer are seen without looking for one.
const FEW = 12;

function inTrouble(meter) {
  return meter.quality < 192 || Boolean(meter.error) || meter.set_aside.length > 0;
}

// The last error, and under it the registers that the device refuses: they are asked again from time to time.
function trouble(meter) {
  const aside = meter.set_aside.map(({ registers, reason }) => `set aside: ${registers.map(words).join(", ")} (${reason})`);
  if (isNumber(meter.most_registers)) aside.push(`takes at most ${meter.most_registers} registers a request`);
  const note = aside.join("; ");
  if (meter.error) return { text: meter.error, note };
  return note ? { text: "none", note } : { text: "none", tag: "quiet" };
}

function valueText({ value, unit: name }) {
  const [symbol, digits] = UNITS[name] ?? [name, 2];
  return symbol ? unit(value, digits, symbol) : fixed(value, digits);
}

function row(meter) {
  const tag = meter.quality_words === "not read yet" ? "quiet" : qualityTag(meter.quality);
  const measures = MEASURES[meter.measures] ?? words(meter.measures);
  const where = meter.potline ? `${measures}, ${meter.potline}` : measures;
  const trip = isNumber(meter.round_trip_s) ? unit(meter.round_trip_s * 1000, meter.round_trip_s < 0.01 ? 1 : 0, "ms") : DASH;
  return [
    { text: meter.id, note: where },
    { text: meter.quality_words, tag, note: isNumber(meter.age_s) ? `${duration(meter.age_s)} old` : "" },
    { values: Object.entries(meter.values).map(([label, value]) => [words(label), valueText(value)]) },
    trip,
    trouble(meter),
    { text: meter.endpoint, note: meter.profile },
  ];
}

export class Meters {
  constructor() {
    this.table = new Table(
      "Meters",
      [
        { label: "Meter", wrap: true },
        { label: "Quality and age" },
        { label: "Values" },
        { label: "Round trip", num: true },
        { label: "Last error", wrap: true },
        { label: "Endpoint and profile", wrap: true },
      ],
      { empty: "no meters configured", stacked: true },
    );
    this.table.element.classList.add("meters");
    this.words = make("p", "meters-words");
    this.search = make("input");
    this.search.type = "search";
    this.search.id = "meters-search";
    this.search.autocomplete = "off";
    this.search.spellcheck = false;
    this.only = make("input");
    this.only.type = "checkbox";
    this.only.id = "meters-only";
    const label = make("label", "", "Find ", this.search);
    const choice = make("label", "", this.only, " only those in trouble");
    this.choice = make("form", "choice", label, choice);
    this.choice.addEventListener("submit", (event) => event.preventDefault());
    this.choice.addEventListener("input", () => this.show());
    this.all = [];
    byId("meters").append(make("div", "meters-head", this.words, this.choice), this.table.element);
  }

  update(meters) {
    this.all = meters;
    this.choice.hidden = meters.length <= FEW;
    dress(byId("meters"), meters.length > FEW ? "card many" : "card");
    this.show();
  }

  show() {
    const wanted = this.search.value.trim().toLowerCase();
    const found = this.all.filter(
      (meter) =>
        (!this.only.checked || inTrouble(meter)) &&
        (!wanted || `${meter.id} ${meter.potline ?? ""} ${meter.endpoint} ${meter.profile}`.toLowerCase().includes(wanted)),
    );
    const count = new Map();
    for (const { quality_words: name } of this.all) count.set(name, (count.get(name) ?? 0) + 1);
    const told = [...count].map(([name, number]) => `${fixed(number, 0)} ${name}`).join(", ");
    const aside = this.all.filter(({ set_aside: registers }) => registers.length).length;
    const parts = [`${fixed(this.all.length, 0)} ${this.all.length === 1 ? "meter" : "meters"}: ${told}`];
    if (aside) parts.push(`${fixed(aside, 0)} with registers set aside`);
    if (found.length < this.all.length) parts.push(`${fixed(found.length, 0)} shown`);
    say(this.words, this.all.length ? parts.join(" · ") : "");
    this.table.empty = this.all.length ? "none of them" : "no meters configured";
    this.table.update(found.map(row));
  }
}
