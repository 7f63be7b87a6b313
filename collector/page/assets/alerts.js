// Alerts that are firing, each with what it watches and since when.

import { duration, fixed, isNumber, words } from "./figures.js";
import { byId, say } from "./elements.js";
import { Table } from "./table.js";
import { moment } from "./times.js";

const SEVERITIES = { critical: "bad", warning: "warn" };

export class Alerts {
  constructor() {
    const columns = [
      { label: "Alert" },
      { label: "Severity" },
      { label: "Since" },
      { label: "Says", wrap: true },
    ];
    this.table = new Table("Firing alerts", columns, { stacked: true });
    byId("alerts").append(this.table.element);
  }

  update(alerts, { zone, nowMs }) {
    byId("alerts-none").hidden = alerts.length > 0;
    byId("alerts").hidden = !alerts.length;
    say(byId("alerts-title"), alerts.length ? `Alerts: ${fixed(alerts.length, 0)} firing` : "Alerts");
    this.table.update(
      alerts.map((alert) => {
        const since = Date.parse(alert.since ?? "");
        const named = Object.values(alert.tags).join(", ");
        const ago = isNumber(since) ? `for ${duration((nowMs - since) / 1000)}` : "";
        return [
          { text: words(alert.rule), note: named },
          { text: alert.severity, tag: SEVERITIES[alert.severity] ?? "warn" },
          { text: moment(since, zone, nowMs), note: ago },
          { text: alert.text, note: valued(alert) },
        ];
      }),
    );
  }
}

function valued({ value, limit }) {
  if (!isNumber(value)) return "";
  const shown = `value ${fixed(value, digitsOf(value))}`;
  return isNumber(limit) ? `${shown}, limit ${fixed(limit, digitsOf(limit))}` : shown;
}

const digitsOf = (value) => (Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 1 : 3);
