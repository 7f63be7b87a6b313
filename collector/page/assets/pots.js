// The pots of a potline as a heat map of their voltages: one cell each, in the order of the plant file.

import { fixed, isNumber, unit } from "./figures.js";
import { dress, make, say } from "./elements.js";

const STEPS_V = [0.05, 0.1, 0.2];
// From so many pots on the cells are smaller.
const MANY = 150;

function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Class, mark to see, mark to hear.
function classify(volts, middle, effectV) {
  if (!isNumber(volts)) return ["none", "", "no value"];
  if (volts > effectV) return ["ae", "AE", "anode effect"];
  // Rounded as it is shown, so that the colour fits the figures.
  const distance = Math.round((volts - middle) * 100) / 100;
  const level = STEPS_V.filter((step) => Math.abs(distance) >= step).length;
  if (!level) return ["", "", ""];
  const side = distance > 0 ? "high" : "low";
  return [`${side}-${level}`, level < 3 ? "" : side === "high" ? "▲" : "▼", level < 3 ? "" : side];
}

export class PotMap {
  constructor(potline) {
    this.effectV = potline.effect_above_v;
    this.title = make("h3");
    this.words = make("p");
    this.list = make("ul", "pots");
    this.cells = [];
    this.element = make("div", "card", make("div", "pots-head", this.title, this.words), this.list, this.legend());
    this.list.setAttribute("aria-label", `Pot voltages of ${potline.name}, in volts`);
  }

  legend() {
    const [one, two, three] = STEPS_V.map((step) => unit(step, 2, "V"));
    const entries = [
      ["low-3", `▼ ${three} or more below the median`],
      ["low-2", `${two} below`],
      ["low-1", `${one} below`],
      ["", "near it"],
      ["high-1", `${one} above`],
      ["high-2", `${two} above`],
      ["high-3", `▲ ${three} or more above`],
      ["ae", `AE: over ${unit(this.effectV, 1, "V")}`],
      ["none", "no value"],
    ];
    return make("ul", "legend", ...entries.map(([name, text]) => make("li", "", make("span", `swatch ${name}`), text)));
  }

  update(potline) {
    const volts = potline.pot_voltages_v;
    const ids = potline.pot_ids;
    this.effectV = potline.effect_above_v;
    say(this.title, potline.name);
    dress(this.list, ids.length > MANY ? "pots many" : "pots");
    const middle = median(volts.filter((value) => isNumber(value) && value <= this.effectV));
    say(this.words, this.summary(ids, volts, middle));
    while (this.cells.length > ids.length) this.cells.pop().element.remove();
    if (this.cells.length < ids.length) {
      const fresh = document.createDocumentFragment();
      while (this.cells.length < ids.length) fresh.append(this.cell().element);
      this.list.append(fresh);
    }
    ids.forEach((id, index) => this.show(this.cells[index], id, volts[index], middle));
  }

  // What is shown is remembered, so that a pot that stays as it is costs nothing.
  show(cell, id, volts, middle) {
    const text = fixed(volts, volts >= 10 ? 1 : 2);
    const [name, mark, words] = classify(volts, middle, this.effectV);
    if (cell.id !== id) {
      cell.id = id;
      cell.idText.data = id;
    }
    if (cell.volts !== text) {
      cell.volts = text;
      cell.voltsText.data = text;
    }
    if (cell.name !== name) {
      cell.name = name;
      cell.element.className = name;
      cell.element.dataset.mark = mark;
      cell.wordsText.data = words ? `, ${words}` : "";
    }
  }

  cell() {
    const idText = document.createTextNode("");
    const voltsText = document.createTextNode("");
    const wordsText = document.createTextNode("");
    const unseen = make("span", "unseen", wordsText);
    const element = make("li", "", make("span", "pot-id", idText), make("span", "pot-v", voltsText), unseen);
    const cell = { element, idText, voltsText, wordsText, id: "", volts: "", name: "" };
    this.cells.push(cell);
    return cell;
  }

  summary(ids, volts, middle) {
    const numbered = ids.map((id, index) => [id, volts[index]]).filter(([, value]) => isNumber(value));
    const effects = numbered.filter(([, value]) => value > this.effectV).map(([id]) => id);
    const calm = numbered.filter(([, value]) => value <= this.effectV).sort((a, b) => a[1] - b[1]);
    const words = [`median ${unit(middle, 2, "V")}`];
    if (calm.length) {
      const [low, high] = [calm[0], calm.at(-1)];
      words.push(`lowest ${unit(low[1], 2, "V")} (${low[0]})`, `highest ${unit(high[1], 2, "V")} (${high[0]})`);
    }
    words.push(effects.length ? `over ${unit(this.effectV, 1, "V")}: ${effects.join(", ")}` : "none in anode effect");
    const without = ids.length - numbered.length;
    if (without) words.push(`${fixed(without, 0)} without a value`);
    return words.join(" · ");
  }
}
