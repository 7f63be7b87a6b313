// Figures in words: how many digits, which unit. A figure that is not known is a dash.

export const DASH = "–";

export const MEASURES = {
  line_dc: "potline, direct current",
  rectifier_ac: "rectifier, alternating current",
  auxiliary_ac: "auxiliaries, alternating current",
  monitored: "monitored, not accounted",
};
export const METHODS = { ipcc_2006: "IPCC 2006", cbam_2025_2547: "(EU) 2025/2547 (CBAM)" };
export const QUALITIES = {
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
export const UNITS = {
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

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

const formats = new Map();

// Thousands apart by a thin space, which nobody takes for a decimal point.
export function fixed(value, digits) {
  if (!isNumber(value)) return DASH;
  if (!formats.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" };
    formats.set(digits, new Intl.NumberFormat("en-GB", options));
  }
  return formats.get(digits).format(value).replaceAll(",", "\u202f").replace("-", "−");
}

export const unit = (value, digits, name) => (isNumber(value) ? `${fixed(value, digits)}\u00a0${name}` : DASH);

export function tonnes(value) {
  if (value === 0) return "0";
  return fixed(value, Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3);
}

// Rounded down: what is not whole never shows as 100 %.
export function percent(value) {
  if (!isNumber(value)) return DASH;
  const down = Math.floor(value * 10 + 1e-6) / 10;
  return unit(down, Number.isInteger(down) ? 0 : 1, "%");
}

export const estimatedPercent = (value) => (value > 0 && value < 0.1 ? "<\u00a00.1\u00a0%" : unit(value, value ? 1 : 0, "%"));

export function bytes(value) {
  if (!isNumber(value)) return DASH;
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  while (value >= 1024 && power < names.length - 1) {
    value /= 1024;
    power += 1;
  }
  return unit(value, power && value < 100 ? 1 : 0, names[power]);
}

export function duration(seconds) {
  if (!isNumber(seconds)) return DASH;
  const s = Math.max(0, seconds);
  if (s < 60) return unit(Math.floor(s), 0, "s");
  if (s < 3600) return unit(Math.floor(s / 60), 0, "min");
  if (s < 172800) return `${unit(Math.floor(s / 3600), 0, "h")} ${unit(Math.floor((s % 3600) / 60), 0, "min")}`;
  return unit(Math.floor(s / 86400), 0, "days");
}

export const words = (label) => label.replaceAll("_", " ");
export const qualityTag = (quality) => (quality >= 192 ? "good" : quality >= 64 ? "warn" : "bad");
export const qualityWords = (quality) => QUALITIES[quality] ?? String(quality);
