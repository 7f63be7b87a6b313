// The link to the collector: server-sent events, which the browser asks for again by itself when they end.
// What state the link is in is said in words, and figures that are old are called old.

import { byId, dress, say } from "./elements.js";
import { duration } from "./figures.js";
import { clock, zoneOf } from "./times.js";

// The collector tells its state, or that it still lives, far more often than this.
const SILENT_MS = 25000;
const AGAIN_MS = 3000;

const link = { trouble: "", heardMs: null, ahead: 0, zone: "UTC", zoneName: "UTC", plant: "", lost: 0 };
let events = null;
let timer;
let show;

export function listen(showState) {
  show = showState;
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  setInterval(tick, 1000);
  open();
}

function open() {
  close();
  if (document.hidden) return;
  events = new EventSource("api/events");
  events.addEventListener("state", ({ data }) => take(data));
  events.addEventListener("error", failed);
}

function close() {
  clearTimeout(timer);
  events?.close();
  events = null;
}

function take(data) {
  try {
    const state = JSON.parse(data);
    show(state);
    link.heardMs = Date.now();
    link.ahead = Date.parse(state.now) - link.heardMs;
    link.zone = zoneOf(state.plant.time_zone);
    link.zoneName = link.zone === state.plant.time_zone ? link.zone : `UTC, ${state.plant.time_zone} is not known here`;
    link.plant = state.plant.name;
    if (link.trouble) link.lost += 1;
    link.trouble = "";
  } catch (error) {
    console.error(error);
    link.trouble = "page does not understand what the collector told; reload it";
  }
  tick();
}

// While the browser tries again by itself the link is only being set up. An answer that is none ends it for good: then
// the same question tells why, and the page tries again.
async function failed() {
  link.trouble = "connection to the collector is lost; trying again";
  tick();
  if (events === null || events.readyState !== EventSource.CLOSED) return;
  close();
  const asking = new AbortController();
  const late = setTimeout(() => asking.abort(), AGAIN_MS);
  try {
    const answer = await fetch("api/events", { cache: "no-store", signal: asking.signal });
    if (answer.status === 401) {
      location.assign("login");
      return;
    }
    if (!answer.ok) link.trouble = `collector refuses: ${(await answer.text()).trim() || `HTTP ${answer.status}`}`;
  } catch {
    link.trouble = "collector does not answer; trying again";
  } finally {
    clearTimeout(late);
    asking.abort();
  }
  tick();
  timer = setTimeout(open, AGAIN_MS);
}

function trouble(age) {
  if (link.trouble) return link.trouble;
  return age !== null && age * 1000 > SILENT_MS ? "collector has told nothing new" : "";
}

function tick() {
  const { heardMs } = link;
  const age = heardMs === null ? null : Math.max(0, (Date.now() - heardMs) / 1000);
  const why = trouble(age);
  if (heardMs !== null) {
    const nowMs = Date.now() + link.ahead;
    const { zone } = link;
    say(byId("clock-plant"), `${clock(zone, "date").format(nowMs)}, ${clock(zone, "second").format(nowMs)}`);
    say(byId("clock-utc"), `${link.zoneName} · ${clock("UTC", "minute").format(nowMs)}\u00a0UTC`);
  }
  if (heardMs !== null || why) {
    byId("link").dataset.state = why ? "down" : "up";
    say(byId("link-words"), why ? "no new figures" : link.lost ? "connected again" : "connected");
    say(byId("link-why"), why ? `: the ${why}` : "");
    say(byId("link-age"), age === null ? "" : why ? `for ${duration(age)}` : `figures ${duration(age)} old`);
  }
  const old = age === null ? "There are no figures yet." : `The figures below are ${duration(age)} old.`;
  say(byId("banner"), why ? `The ${why}. ${old}` : "");
  byId("banner").hidden = !why;
  dress(byId("figures"), why ? "old" : "");
  document.title = `${why ? "No new figures: " : ""}${link.plant || "Potline collector"}`;
}
