// The four trends of a potline: energy and emissions, each over the last hour and the last 24 hours.

import { make } from "./elements.js";
import { emissionsGoal, energyGoal } from "./goals.js";
import { Trend } from "./trend.js";

const MINUTE = { span: "last hour", stepS: 60, spanS: 3600 };
const HOUR = { span: "last 24 h", stepS: 3600, spanS: 86400 };
const ENERGY = [
  { label: "AC compr.", pick: (window) => window.liquid_comprehensive_ac?.kwh_per_t, colour: "--series-3" },
  { label: "AC", pick: (window) => window.liquid_ac?.kwh_per_t, colour: "--series-2" },
  { label: "DC", pick: (window) => window.dc?.kwh_per_t, colour: "--series-1" },
];
const EMISSIONS = [{ label: "total", pick: (window) => window.emissions?.t_co2e_per_t, colour: "--series-4" }];
const TARGET = [{ label: "target", colour: "--goal" }];
const BOUNDARIES = [["liquid_comprehensive_ac", "AC compr."], ["liquid_ac", "AC"], ["dc", "DC"]];

export class Trends {
  constructor() {
    const lines = BOUNDARIES.map(([, label]) => ({ label: `target ${label}`, colour: "--goal" }));
    const energy = (span) => new Trend({ title: `Energy, ${span.span}`, unitName: "kWh/t", digits: 0, series: ENERGY, lines, ...span });
    const emissions = (span, unitName) =>
      new Trend({ title: `Emissions, ${span.span}`, unitName, digits: 2, series: EMISSIONS, lines: TARGET, ...span });
    this.minutes = [energy(MINUTE), emissions(MINUTE, "t CO₂e/t, without fuels")];
    this.hours = [energy(HOUR), emissions(HOUR, "t CO₂e/t")];
    const trends = [...this.minutes, ...this.hours].map(({ element }) => element);
    this.element = make("div", "trends", make("h3", "unseen", "Trends"), ...trends);
  }

  update(potline, goals, zone) {
    const energy = BOUNDARIES.map(([boundary]) => energyGoal(goals, boundary)?.value ?? null);
    const emissions = [emissionsGoal(goals)?.value ?? null];
    for (const [trends, windows] of [[this.minutes, potline.recent], [this.hours, potline.hours]]) {
      trends[0].update(windows, energy, zone);
      trends[1].update(windows, emissions, zone);
    }
  }
}
