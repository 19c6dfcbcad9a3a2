/** How a fact of an enterprise is asked, typed and read aloud, by its type. */

import { html, useState } from "../vendor/preact-htm.js";
import { count, counts, spell, typedUnit, withoutUnit, yuan } from "./money.js";

const UNITS = ["万元", "元"];

const WRONG = {
  yuan: "这里要填一个金额，用数字写，例如 320万，或者写 320 再选“万元”。",
  integer: "这里要填一个不小于 0 的整数，例如 2。",
  integers: "这里要填几个整数，用逗号隔开，例如 2，1（第一项 2 个，第二项 1 个）。",
};

/** A value as people say it: 是, 320万元, 2件, 2、1个国家. */
export function said(value, { type, unit }) {
  if (type === "bool") return value ? "是" : "否";
  if (type === "yuan") return spell(String(value));
  return `${[value].flat().join("、")}${unit === "国家" ? "个国家" : (unit ?? "")}`;
}

/** 是 / 否, and 不清楚 where the fact may stay open. */
export function YesNo({ name, ask, value, change, open }) {
  const choices = [[true, "是"], [false, "否"], ...(open ? [[undefined, "不清楚"]] : [])];
  return html`<fieldset class="yesno">
    <legend>${ask}</legend>
    ${choices.map(
      ([choice, word]) => html`<label>
        <input type="radio" name=${name} checked=${value === choice} onChange=${() => change(choice)} />
        <span>${word}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** A field for a sum, a count or several counts; `change` hears the value, undefined when empty. */
export function Amount({ name, ask, type, unit, value, change }) {
  const [typed, setTyped] = useState(() => written(value, type));
  const [scale, setScale] = useState(() => (type === "yuan" && !plainYuan(value) ? "万元" : "元"));
  const [wrong, setWrong] = useState("");
  const take = (text, measure) => {
    const own = type === "yuan" && typedUnit(text);
    setTyped(text);
    setScale(UNITS.includes(own) ? own : measure);
    const read = text.trim() === "" ? undefined : READ[type](text, measure);
    setWrong(read === null ? WRONG[type] : "");
    change(read ?? undefined);
  };
  const id = `fact-${name}`;
  return html`<div class="amount">
    <label for=${id}>${ask}</label>
    <span class="entry">
      <input
        id=${id}
        type="text"
        inputmode=${type === "integers" ? "text" : "decimal"}
        autocomplete="off"
        value=${typed}
        aria-invalid=${wrong !== ""}
        aria-describedby=${wrong ? `${id}-wrong` : undefined}
        onInput=${(event) => take(event.target.value, scale)}
      />
      ${type === "yuan"
        ? html`<select aria-label="单位" onChange=${(event) => take(withoutUnit(typed), event.target.value)}>
            ${UNITS.map((name) => html`<option value=${name} selected=${name === scale}>${name}</option>`)}
          </select>`
        : html`<span class="unit">${type === "integers" ? "用逗号隔开" : unit}</span>`}
    </span>
    ${wrong && html`<p class="wrong" id=${`${id}-wrong`} role="alert">${wrong}</p>`}
  </div>`;
}

const READ = {
  yuan: (typed, scale) => yuan(typed, scale),
  integer: (typed) => count(typed),
  integers: (typed) => counts(typed),
};

/** A kept sum that reads better in 元 than in 万元. */
function plainYuan(value) {
  return value !== undefined && !spell(String(value)).endsWith("万元");
}

function written(value, type) {
  if (value === undefined) return "";
  if (type !== "yuan") return [value].flat().join("，");
  return plainYuan(value) ? String(value) : spell(String(value)).slice(0, -2);
}
