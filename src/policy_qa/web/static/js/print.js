/** Paper: the proof sheet of one answer, and the eligibility sheet, from what is in this browser. */

import { html, render, useEffect, useState } from "../vendor/preact-htm.js";
import { CalculationTable, Sentences } from "./answers.js";
import { getJson, postJson } from "./api.js";
import { said } from "./fields.js";
import { facts as keeping, history } from "./keeping.js";
import { Failed, Notices } from "./parts.js";
import { Chart, Groups, Hatch, Totals } from "./sheet.js";

function ProofSheet({ id }) {
  const turn = history.find(id);
  const [names, setNames] = useState(new Map());
  useEffect(() => {
    getJson("/api/measures").then(
      ({ facts }) => setNames(new Map(facts.map((fact) => [fact.fact, fact]))),
      () => {}, // The sheet then prints the facts by their names.
    );
  }, []);
  if (!turn) {
    return html`<${Failed}
      error="这个浏览器里没有这份回答的记录（可能已经清除），请回到“问一问”再问一次，然后打印。"
    />`;
  }
  const { question, facts, answer } = turn;
  return html`<${PrintButton} />
    <${Notices} notices=${answer.notices} />
    <dl class="particulars">
      <div><dt>问题</dt><dd>${question}</dd></div>
      <div><dt>按哪一天</dt><dd>${answer.as_of}</dd></div>
      ${Object.keys(facts).length > 0 && html`<div><dt>补充的情况</dt><dd><${Stated} facts=${facts} names=${names} /></dd></div>`}
      <div><dt>回答编号</dt><dd>${answer.id}</dd></div>
      <div><dt>语料校验值</dt><dd class="hash">${answer.corpus}</dd></div>
    </dl>
    <h2>回答</h2>
    <${Sentences} sentences=${answer.sentences} citations=${answer.citations} notices=${answer.notices} />
    ${answer.calculation?.items.length > 0 &&
    html`<${CalculationTable} calculation=${answer.calculation} citations=${answer.citations} />`}
    ${answer.citations.length > 0 && html`<h2>引用的原文</h2><${Quotes} citations=${answer.citations} />`}`;
}

function Quotes({ citations }) {
  return html`<ol class="quotes">
    ${citations.map(
      (citation) => html`<li>
        <p><strong>${citation.clause} ${citation.title}</strong></p>
        <blockquote class="verbatim">${citation.quote}</blockquote>
        ${citation.departments.length > 0 && html`<p class="note">负责部门：${citation.departments.join("、")}</p>`}
      </li>`,
    )}
  </ol>`;
}

function Stated({ facts, names }) {
  return html`<ul class="stated">
    ${Object.entries(facts).map(([name, value]) => {
      const fact = names.get(name) ?? { ask: name, type: typeof value === "boolean" ? "bool" : "integer" };
      return html`<li>${fact.ask} <strong>${said(value, fact)}</strong></li>`;
    })}
  </ul>`;
}

function EligibilitySheet() {
  const [loaded, setLoaded] = useState(null);
  const [error, setError] = useState("");
  const facts = keeping.read();
  const load = () => {
    setError("");
    Promise.all([getJson("/api/measures"), postJson("/api/eligibility", { facts })]).then(
      ([catalogue, sheet]) => setLoaded({ catalogue, sheet }),
      (failure) => setError(failure.message),
    );
  };
  useEffect(load, []);
  if (error) return html`<${Failed} error=${error} retry=${load} />`;
  if (!loaded) return html`<p class="waiting">正在准备…</p>`;
  const { catalogue, sheet } = loaded;
  const names = new Map(catalogue.facts.map((fact) => [fact.fact, fact]));
  const asks = new Map(catalogue.facts.map((fact) => [fact.fact, fact.ask]));
  const titles = new Map(catalogue.measures.map((measure) => [measure.measure, measure.title]));
  return html`<${Hatch} />
    <${PrintButton} />
    <${Notices} notices=${sheet.notices} />
    <dl class="particulars">
      <div><dt>按哪一天</dt><dd>${sheet.as_of}</dd></div>
      <div>
        <dt>填写的情况</dt>
        <dd>${Object.keys(facts).length ? html`<${Stated} facts=${facts} names=${names} />` : "没有填写"}</dd>
      </div>
    </dl>
    <${Totals} sheet=${sheet} titles=${titles} unfolded />
    <${Chart} items=${sheet.items} />
    <${Groups} sheet=${sheet} asks=${asks} />`;
}

function PrintButton() {
  return html`<p class="actions no-print">
    <button type="button" class="primary" onClick=${() => window.print()}>打印</button>
  </p>`;
}

const app = document.getElementById("app");
const sheet = app.dataset.sheet === "proof" ? html`<${ProofSheet} id=${location.hash.slice(1)} />` : html`<${EligibilitySheet} />`;
render(sheet, app);
