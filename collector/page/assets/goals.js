// What the ratios are held against: the plant's own targets, the price's threshold, the levels of a standard.

import { fixed, isNumber } from "./figures.js";

export const energyGoal = (goals, boundary) => goals.kwh_per_t[boundary] ?? null;
export const emissionsGoal = (goals) => goals.t_co2e_per_t ?? null;

// A ratio beside what it is to be kept to: by how much it is above or below, in words.
function compared(name, value, limit, digits) {
  const named = `${name} ${fixed(limit, digits)}`;
  if (!isNumber(value)) return { text: named, tone: "" };
  const distance = Math.abs(value - limit);
  if (Number(distance.toFixed(digits)) === 0) return { text: `at the ${named}`, tone: "kept" };
  if (value > limit) return { text: `▲ ${fixed(distance, digits)} above the ${named}`, tone: "over" };
  return { text: `▼ ${fixed(distance, digits)} below the ${named}`, tone: "kept" };
}

// A standard by its number and year, as it is cited.
const standard = (edition) => edition.replace(/^([a-z]+)_(\d+)_(\d{4})$/, (_, body, number, year) => `${body.toUpperCase()} ${number}-${year}`);

// Which level of a standard a ratio keeps to: the first one is the strictest.
function levelled(levels, value) {
  const edition = standard(levels.edition);
  const steps = [levels.level_1, levels.level_2, levels.level_3];
  const kept = steps.findIndex((step) => isNumber(step) && value <= step);
  const last = steps.filter(isNumber).at(-1);
  if (kept < 0) return { text: `${edition}: above the last level, ${fixed(last, 0)}`, tone: "over" };
  return { text: `${edition}: within level ${kept + 1}, ${fixed(steps[kept], 0)}`, tone: "kept" };
}

// All that a figure of energy is held against.
export function energyAgainst(goals, boundary, value) {
  const found = [];
  const target = energyGoal(goals, boundary);
  if (target) found.push(compared("target", value, target.value, 0));
  const { price } = goals;
  if (price?.boundary === boundary) found.push(compared("price's threshold", value, price.threshold_kwh_per_t, 0));
  if (isNumber(value)) {
    for (const levels of goals.levels) if (levels.boundary === boundary) found.push(levelled(levels, value));
  }
  return found;
}

export function emissionsAgainst(goals, value) {
  const target = emissionsGoal(goals);
  return target ? [compared("target", value, target.value, 2)] : [];
}
