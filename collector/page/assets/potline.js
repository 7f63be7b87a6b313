// A potline at a glance: its ratios of the last hour by boundary, against what is to be kept to, its trends and windows.

import { DASH, duration, fixed, isNumber } from "./figures.js";
import { dress, make, say } from "./elements.js";
import { emissionsAgainst, energyAgainst } from "./goals.js";
import { Table } from "./table.js";
import { endOf, moment } from "./times.js";
import { Trends } from "./trends.js";
import { WINDOW_COLUMNS, known, missing, share, windowCells } from "./windows.js";

const LATE_S = 180;

class Figure {
  constructor(title, unitName, boundary) {
    this.value = make("span");
    this.unit = make("span", "unit", unitName);
    this.big = make("dd", "big", this.value, this.unit);
    this.against = make("dd", "against");
    this.known = make("dd", "known");
    this.parts = make("dd");
    const where = make("dd", "boundary", `Boundary: ${boundary}`);
    const names = [this.big, this.against, this.known, this.parts, where];
    this.element = make("div", "figure", make("dt", "", title), ...names);
  }

  update(text, why, knownWords, { against, parts = "" }) {
    say(this.value, why || text);
    this.unit.hidden = Boolean(why);
    dress(this.big, !why ? "big" : why.startsWith("withheld") ? "big withheld" : "big withheld none");
    this.compare(against);
    say(this.known, knownWords);
    say(this.parts, parts);
    this.parts.hidden = !parts;
  }

  compare(against) {
    const key = JSON.stringify(against);
    if (key === this.compared) return;
    this.compared = key;
    this.against.replaceChildren(...against.map(({ text, tone }) => make("span", tone, text)));
    this.against.hidden = !against.length;
  }
}

export class PotlineCard {
  constructor(potline) {
    this.title = make("h2");
    this.title.id = `potline-${potline.id}`;
    this.span = make("p", "muted");
    this.dc = new Figure("Energy, DC", "kWh/t", "direct current to the pots, behind the rectifiers.");
    this.ac = new Figure("Energy, AC (liquid metal)", "kWh/t", "alternating current into the rectifiers.");
    this.whole = new Figure("Energy, AC (comprehensive)", "kWh/t", "rectifiers and auxiliaries; without the casthouse.");
    this.co2 = new Figure("Emissions", "t CO₂e/t", "anodes, perfluorocarbons and electricity (location-based); fuels where they are told.");
    const live = make("dl", "live");
    const names = ["Line current", "Line voltage", "DC power", "AC power", "Pots operating", "Anode effects, 60 min"];
    this.live = names.map((name) => {
      const value = make("span");
      const unitName = make("span", "unit");
      live.append(make("div", "", make("dt", "", name), make("dd", "", value, unitName)));
      return [value, unitName];
    });
    this.trends = new Trends();
    const windows = [{ label: "Window" }, ...WINDOW_COLUMNS.map((column) => ({ ...column }))];
    this.table = new Table(`Windows of ${potline.name}`, windows);
    const four = [this.dc, this.ac, this.whole, this.co2].map(({ element }) => element);
    const head = make("div", "potline-head", this.title, this.span);
    this.element = make("section", "card potline", head, make("dl", "figures", ...four), live, this.trends.element, this.table.element);
    this.element.setAttribute("aria-labelledby", this.title.id);
  }

  update(state, potline, { zone, nowMs }) {
    say(this.title, potline.name === potline.id ? potline.name : `${potline.name} (${potline.id})`);
    const { minute, hour, rolling_24h: day, last_60_min: recent } = potline.windows;
    say(this.span, this.until(recent, zone, nowMs));
    dress(this.span, this.late(recent, nowMs) ? "tag warn" : "muted");
    this.ratios(state, potline, recent);
    this.now(potline, minute, recent);
    this.trends.update(potline, state.targets, zone);
    const row = (name, window) => [{ text: name, note: this.note(window, zone, nowMs) }, ...windowCells(window)];
    this.table.update([
      row("Last minute", minute),
      row(recent && recent.length_s < 3600 ? `Last ${fixed(recent.length_s / 60, 0)} min` : "Last 60 min", recent),
      row("Last full hour", hour),
      row("Rolling 24 h", day),
    ]);
  }

  ratios(state, potline, recent) {
    const { dc, liquid_ac: ac, liquid_comprehensive_ac: whole, emissions } = recent ?? {};
    const needs = ["line_dc", "rectifier_ac"];
    const why = (intensity, value, meters) =>
      recent ? missing(state, potline, intensity, value, meters) : "no minute closed yet";
    const energy = (figure, intensity, meters, boundary) => {
      const value = intensity?.kwh_per_t;
      const against = energyAgainst(state.targets, boundary, value);
      figure.update(fixed(value, 0), why(intensity, value, meters), known(intensity, intensity), { against });
    };
    energy(this.dc, dc, ["line_dc"], "dc");
    energy(this.ac, ac, needs, "liquid_ac");
    energy(this.whole, whole, [...needs, "auxiliary_ac"], "liquid_comprehensive_ac");
    // Emissions are formed over the same minutes as the comprehensive figure and share its estimated part.
    const emitted = emissions && { ...emissions, estimated_pct: whole?.estimated_pct };
    const total = emissions?.t_co2e_per_t;
    const against = emissionsAgainst(state.targets, total);
    const parts = this.parts(emissions);
    this.co2.update(fixed(total, 2), why(emitted, total, needs), known(emitted, whole), { against, parts });
  }

  now(potline, minute, recent) {
    const { live } = potline;
    const acMw = isNumber(live.ac_power_kw) ? live.ac_power_kw / 1000 : null;
    [
      [fixed(live.line_current_ka, 1), "kA"],
      [fixed(live.line_voltage_v, 1), "V"],
      [fixed(live.dc_power_mw, 2), "MW"],
      [fixed(acMw, 2), "MW"],
      [fixed(minute?.pots_operating, 0), `of ${fixed(potline.pots, 0)}`],
      [fixed(recent?.anode_effects, 0), recent ? `${fixed(recent.anode_effect_s / 60, 1)} min` : ""],
    ].forEach(([text, unitName], index) => {
      say(this.live[index][0], text);
      say(this.live[index][1], text === DASH && index < 4 ? "" : ` ${unitName}`);
    });
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
    const { anode_t_co2e: anode, pfc_t_co2e: pfc, electricity_t_co2e: electricity, fuel_t_co2e: fuel } = emissions;
    const told = [["anodes", anode], ["PFC", pfc], ["electricity", electricity], ["fuels", fuel]];
    const words = told.filter(([, amount]) => isNumber(amount)).map(([name, amount]) => `${name} ${share(emissions, amount, 2)}`);
    return `${words.join(", ")}${isNumber(fuel) ? "" : "; fuels not told"}`;
  }

  note(window, zone, nowMs) {
    if (!window) return "";
    const words = `${moment(Date.parse(window.start), zone, nowMs)} to ${moment(endOf(window), zone, nowMs)}`;
    return window.restated ? `${words}, restated` : words;
  }
}
