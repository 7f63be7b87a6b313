// What leaves the store and what comes in: the outbox, each database's lag, the sources, and what was counted since the
// start.

import { DASH, bytes, duration, fixed, isNumber, unit, words } from "./figures.js";
import { byId, say } from "./elements.js";
import { Facts, Table } from "./table.js";
import { moment } from "./times.js";

const byCause = (counts, tone) => {
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  return told.length ? [told.map(([cause, count]) => `${words(cause)}: ${fixed(count, 0)}`).join(", "), tone] : fixed(0, 0);
};

const alarming = (count, tone) => [fixed(count, 0), count > 0 ? tone : ""];

export class Delivery {
  constructor() {
    const columns = [
      { label: "Database" },
      { label: "State", wrap: true },
      { label: "Lag", num: true },
      { label: "Records waiting", num: true },
      { label: "Delivered" },
    ];
    this.table = new Table("Databases", columns, { stacked: true });
    byId("databases").append(this.table.element);
    this.facts = new Facts(byId("outbox"), [
      "Records waiting",
      "On disk",
      "Oldest waits",
      "Dead letters kept",
      "Lines delivered",
      "Lines refused",
      "Lines dropped",
      "Records dropped",
      "Readings lost",
      "The line",
    ]);
  }

  update(state, { zone, nowMs }) {
    const { databases, outbox, totals } = state;
    const tone = databases.length ? "bad" : "";
    byId("no-database").hidden = databases.length > 0;
    byId("databases").hidden = !databases.length;
    this.table.update(
      databases.map((database) => [
        database.name,
        { text: database.state, tag: database.delivering ? "good" : "warn" },
        database.oldest ? duration(database.lag_s) : "none",
        { text: fixed(database.records, 0), note: database.records ? bytes(database.size_bytes) : "" },
        database.delivered ? moment(Date.parse(database.delivered), zone, nowMs, "second") : DASH,
      ]),
    );
    this.facts.update([
      fixed(outbox.records, 0),
      bytes(outbox.size_bytes),
      outbox.oldest ? duration((nowMs - Date.parse(outbox.oldest)) / 1000) : DASH,
      alarming(outbox.dead, "warn"),
      fixed(totals.delivered_total, 0),
      alarming(totals.refused_total, "warn"),
      alarming(totals.dropped_total, tone),
      byCause(totals.dropped_records_by_cause, tone),
      byCause(totals.readings_lost_by_wait, "bad"),
      state.line_waits ? [`waits: ${state.line_waits}`, "bad"] : "works",
    ]);
  }
}

export class Sources {
  constructor() {
    const columns = [{ label: "Source" }, { label: "State", wrap: true }];
    this.table = new Table("Sources", columns, { empty: "no source has started yet", stacked: true });
    byId("sources").append(this.table.element);
    this.facts = new Facts(byId("totals"), [
      "Readings",
      "Without a value",
      "Booked into the past",
      "Too late to book",
      "Messages rejected",
      "Counter glitches",
      "Polls skipped",
      "Steps of the clock",
      "Commits",
      "Slowest commit",
    ]);
  }

  update({ sources, started, totals }, { zone, nowMs }) {
    this.table.update(
      Object.entries(sources).map(([name, state]) => [name, { text: state, tag: state === "running" ? "good" : "warn" }]),
    );
    const since = Date.parse(started);
    say(byId("totals-title"), `Since the start ${duration((nowMs - since) / 1000)} ago, ${moment(since, zone, nowMs)}`);
    const rejected = byCause(totals.rejected_by_cause, "warn");
    this.facts.update([
      fixed(totals.readings_total, 0),
      fixed(totals.readings_bad_total, 0),
      fixed(totals.late_booked_total, 0),
      alarming(totals.late_refused_total, "warn"),
      totals.rejected_total > 0 ? rejected : fixed(0, 0),
      fixed(totals.glitches_total, 0),
      fixed(totals.poll_late_total, 0),
      alarming(totals.clock_steps_total, "warn"),
      fixed(totals.commits_total, 0),
      isNumber(totals.commit_slowest_s) ? unit(totals.commit_slowest_s * 1000, 0, "ms") : DASH,
    ]);
  }
}
