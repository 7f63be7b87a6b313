// What is said of an interval: its ratios by boundary, its emissions, metal and anode effects, and why a ratio is missing.

import { DASH, MEASURES, estimatedPercent, fixed, isNumber, percent, qualityWords, tonnes } from "./figures.js";

const ENERGY = "Energy, kWh/t";
const EMISSIONS = "Emissions, t CO₂e/t";
const METAL = "Metal, t";
const EFFECTS = "Anode effects";
const COVERAGE = "Coverage";

export const WINDOW_COLUMNS = [
  { label: "DC", group: ENERGY, num: true },
  { label: "AC", group: ENERGY, num: true },
  { label: "AC with aux.", group: ENERGY, num: true },
  { label: "total", group: EMISSIONS, num: true },
  { label: "anode", group: EMISSIONS, num: true },
  { label: "PFC", group: EMISSIONS, num: true },
  { label: "electr.", group: EMISSIONS, num: true },
  { label: "fuels", group: EMISSIONS, num: true },
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
export function missing(state, potline, intensity, ratio, needs) {
  if (!intensity) {
    const lacking = needs.find((measures) => !measured(state, potline, measures));
    if (lacking) return `not measured: no meter of the ${MEASURES[lacking]}`;
    return "withheld: no whole minute is known";
  }
  if (isNumber(ratio)) return "";
  if (!(intensity.metal_t > 0)) return "withheld: no metal was made";
  if (intensity.total_t_co2e === null) return "withheld: no emission factor is told for some of the electricity";
  // What is estimated counts towards the least coverage, so it is named here.
  const { coverage_pct: coverage, estimated_pct: estimated } = intensity;
  const least = state.plant.least_coverage_pct;
  const enough = coverage + (estimated ?? 0) >= least;
  if ("total_t_co2e" in intensity && enough) return "withheld: nobody told the overvoltage of an anode effect";
  const part = estimated > 0 ? ` with ${estimatedPercent(estimated)} estimated` : "";
  return `withheld: coverage ${percent(coverage)}${part} is below ${percent(least)}`;
}

export function known(intensity, energy) {
  if (!intensity) return `coverage ${DASH}, estimated ${DASH}`;
  const words = `coverage ${percent(intensity.coverage_pct)}, estimated ${estimatedPercent(energy?.estimated_pct)}`;
  return intensity.quality >= 192 ? words : `${words}, quality ${qualityWords(intensity.quality)}`;
}

// t CO2e of a part for each tonne of metal, where part and whole are stated.
export function share(emissions, amount, digits) {
  if (!isNumber(emissions?.t_co2e_per_t) || !isNumber(amount)) return DASH;
  return fixed(amount / emissions.metal_t, digits);
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

export function windowCells(window) {
  if (!window) return WINDOW_COLUMNS.map(() => DASH);
  const { dc, liquid_ac: ac, liquid_comprehensive_ac: whole, emissions } = window;
  return [
    ratio(dc, dc?.kwh_per_t, 0),
    ratio(ac, ac?.kwh_per_t, 0),
    ratio(whole, whole?.kwh_per_t, 0),
    ratio(emissions, emissions?.t_co2e_per_t, 3),
    share(emissions, emissions?.anode_t_co2e, 3),
    share(emissions, emissions?.pfc_t_co2e, 3),
    share(emissions, emissions?.electricity_t_co2e, 3),
    share(emissions, emissions?.fuel_t_co2e, 3),
    metal(window),
    tonnes(window.tapped_t),
    fixed(window.anode_effects, 0),
    window.anode_effects === 0 && window.anode_effect_s === 0 ? "0" : fixed(window.anode_effect_s / 60, 1),
    covered(dc),
    covered(ac),
  ];
}
