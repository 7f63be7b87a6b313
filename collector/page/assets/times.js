// Times of day at the plant.

import { DASH, isNumber } from "./figures.js";

const times = new Map();

export function clock(zone, kind) {
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
export function zoneOf(name) {
  try {
    clock(name, "minute");
    return name;
  } catch {
    return "UTC";
  }
}

// Time of day, with the day in front where it is another day at the plant.
export function moment(ms, zone, nowMs, kind = "minute") {
  if (!isNumber(ms)) return DASH;
  const day = clock(zone, "day").format(ms);
  const time = clock(zone, kind).format(ms);
  return day === clock(zone, "day").format(nowMs) ? time : `${day} ${time}`;
}

export const endOf = (window) => Date.parse(window.start) + window.length_s * 1000;
