// The live page: shows the state that the collector tells. It can change nothing.

import { Alerts } from "./alerts.js";
import { Delivery, Sources } from "./delivery.js";
import { AnodeEffects, showRunning } from "./effects.js";
import { byId, keep, say } from "./elements.js";
import { METHODS } from "./figures.js";
import { Events, Ledger, RecentMinutes } from "./ledger.js";
import { listen } from "./link.js";
import { Meters } from "./meters.js";
import { PotlineCard } from "./potline.js";
import { PotMap } from "./pots.js";
import { zoneOf } from "./times.js";

const alerts = new Alerts();
const meters = new Meters();
const delivery = new Delivery();
const sources = new Sources();
const events = new Events();
const ledger = new Ledger();
const cards = new Map();
const pots = new Map();
const effects = new Map();
const minutes = new Map();

function show(state) {
  const nowMs = Date.parse(state.now);
  const time = { zone: zoneOf(state.plant.time_zone), nowMs };
  const { plant, potlines } = state;
  // Before anything is measured: a chart is as wide as its place.
  byId("figures").hidden = false;
  byId("foot").hidden = false;
  byId("nav").hidden = false;
  say(byId("plant-name"), plant.name);
  const lines = new Map(potlines.map((potline) => [potline.id, potline]));
  const keys = [...lines.keys()];
  keep(byId("potlines"), cards, keys, (id) => new PotlineCard(lines.get(id)));
  keep(byId("pots"), pots, keys, (id) => new PotMap(lines.get(id)));
  keep(byId("effects"), effects, keys, (id) => new AnodeEffects(lines.get(id)));
  keep(byId("recent"), minutes, keys, (id) => new RecentMinutes(lines.get(id)));
  alerts.update(state.alerts, time);
  for (const [id, potline] of lines) {
    cards.get(id).update(state, potline, time);
    pots.get(id).update(potline);
    effects.get(id).update(potline, time);
    minutes.get(id).update(potline, time);
  }
  showRunning(potlines);
  meters.update(state.meters);
  delivery.update(state, time);
  sources.update(state, time);
  events.update(potlines, time);
  ledger.update(state.ledger, time);
  say(byId("method"), `Method ${METHODS[plant.method] ?? plant.method}, global warming potentials ${plant.gwp.toUpperCase()}.`);
}

// How long it took can be read in the browser's tools; one measure is kept.
function timed(state) {
  const start = performance.now();
  show(state);
  performance.clearMeasures("show");
  performance.measure("show", { start });
}

listen(timed);
