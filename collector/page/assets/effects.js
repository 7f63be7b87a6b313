// Anode effects: which go on now, how many minutes per cell-day there were, and the last ones.

import { DASH, duration, fixed, isNumber } from "./figures.js";
import { byId, dress, make, say } from "./elements.js";
import { Facts, Table } from "./table.js";
import { moment } from "./times.js";

const LATEST = 8;
const ORIGINS = { controller: "the pot's controller", voltage: "the pot's voltage" };

const minutes = (window) => (isNumber(window?.ae_min_per_cell_day) ? fixed(window.ae_min_per_cell_day, 3) : DASH);

export class AnodeEffects {
  constructor(potline) {
    this.title = make("h3");
    this.running = make("p", "running");
    const facts = make("dl", "facts");
    this.facts = new Facts(facts, [
      "Minutes per cell-day, 1 h",
      "Minutes per cell-day, 24 h",
      "Number, 1 h",
      "Number, 24 h",
      "Minutes, 24 h",
    ]);
    const columns = [
      { label: "Began" },
      { label: "Pot" },
      { label: "Lasted", num: true },
      { label: "Kind" },
      { label: "Told by", wrap: true },
    ];
    this.table = new Table(`Latest anode effects of ${potline.name}`, columns, { empty: "none in the last 24 h", stacked: true });
    this.element = make("div", "card", this.title, this.running, facts, this.table.element);
  }

  update(potline, { zone, nowMs }) {
    const { running, latest } = potline.anode_effects;
    const { last_60_min: recent, rolling_24h: day } = potline.windows;
    say(this.title, potline.name);
    const told = running.map(({ pot, time }) => `pot ${pot} for ${duration((nowMs - Date.parse(time)) / 1000)}`);
    say(this.running, told.length ? `Running now: ${told.join(", ")}` : "None is running now");
    dress(this.running, told.length ? "running tag bad" : "running muted");
    this.facts.update([
      minutes(recent),
      minutes(day),
      fixed(recent?.anode_effects, 0),
      fixed(day?.anode_effects, 0),
      fixed(isNumber(day?.anode_effect_s) ? day.anode_effect_s / 60 : null, 1),
    ]);
    this.table.update(
      latest.slice(0, LATEST).map((effect) => [
        moment(Date.parse(effect.time), zone, nowMs, "second"),
        effect.pot,
        effect.duration_s === null ? { text: "goes on", tag: "bad" } : duration(effect.duration_s),
        effect.kind,
        ORIGINS[effect.origin] ?? effect.origin,
      ]),
    );
  }
}

export function showRunning(potlines) {
  const count = potlines.reduce((sum, { anode_effects: { running } }) => sum + running.length, 0);
  say(byId("effects-title"), count ? `Anode effects: ${fixed(count, 0)} running now` : "Anode effects");
}
