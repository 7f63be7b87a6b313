// The ledger's last entries, the latest events, and the recent minutes of each potline.

import { DASH, fixed, qualityTag, qualityWords } from "./figures.js";
import { byId, make, say } from "./elements.js";
import { Table } from "./table.js";
import { moment } from "./times.js";
import { WINDOW_COLUMNS, windowCells } from "./windows.js";

const RECENT = 15;
const EVENTS = 10;
const WINDOWS = { minute: "minute", hour: "hour", 86400: "24 h" };

export class Ledger {
  constructor() {
    const columns = [
      { label: "Entry" },
      { label: "Written" },
      { label: "Potline" },
      { label: "Window" },
      { label: "Start" },
      { label: "Revision", num: true },
      { label: "Reason", wrap: true },
      { label: "Digest starts" },
    ];
    this.table = new Table("Latest entries of the ledger", columns, { empty: "no entry yet", stacked: true });
    byId("ledger").append(this.table.element);
  }

  update({ entries, latest }, { zone, nowMs }) {
    const count = entries === 1 ? "1 entry" : `${fixed(entries, 0)} entries`;
    say(byId("ledger-title"), `Ledger: ${count} so far, each chained to the one before`);
    this.table.update(
      latest.map((entry) => [
        fixed(entry.seq, 0),
        moment(Date.parse(entry.written), zone, nowMs, "second"),
        entry.potline,
        WINDOWS[entry.window] ?? entry.window,
        moment(Date.parse(entry.start), zone, nowMs),
        fixed(entry.revision, 0),
        entry.reason,
        { text: entry.digest, code: true },
      ]),
    );
  }
}

export class Events {
  constructor() {
    const columns = [
      { label: "Time" },
      { label: "Potline" },
      { label: "Event" },
      { label: "Details", wrap: true },
      { label: "Id", wrap: true },
    ];
    this.table = new Table("Latest events", columns, { empty: "no event yet", stacked: true });
    byId("events").append(this.table.element);
  }

  update(potlines, { zone, nowMs }) {
    const told = potlines.flatMap(({ id, events }) => events.map((event) => ({ ...event, potline: id })));
    told.sort((one, other) => Date.parse(other.time) - Date.parse(one.time));
    this.table.update(
      told.slice(0, EVENTS).map((event) => [
        moment(Date.parse(event.time), zone, nowMs, "second"),
        event.potline,
        event.what,
        event.words,
        { text: event.id, code: true },
      ]),
    );
  }
}

export class RecentMinutes {
  constructor(potline) {
    this.title = make("h3");
    const columns = [
      { label: "Minute" },
      ...WINDOW_COLUMNS.map((column) => ({ ...column })),
      { label: "Pots", num: true },
      { label: "Quality" },
    ];
    this.table = new Table(`Recent minutes of ${potline.name}`, columns, { empty: "no minute closed yet" });
    this.element = make("div", "card", this.title, this.table.element);
  }

  update(potline, { zone, nowMs }) {
    say(this.title, potline.name);
    this.table.update(
      potline.recent
        .slice(-RECENT)
        .reverse()
        .map((window) => {
          const note = window.restated ? `revision ${window.restated + 1}` : "";
          const time = { text: moment(Date.parse(window.start), zone, nowMs), note };
          return [time, ...windowCells(window), fixed(window.pots_operating, 0), this.quality(window)];
        }),
    );
  }

  quality({ dc, liquid_ac: ac }) {
    const found = [dc, ac].filter(Boolean).map(({ quality }) => quality);
    if (!found.length) return DASH;
    const worst = Math.min(...found);
    return { text: qualityWords(worst), tag: qualityTag(worst) };
  }
}
