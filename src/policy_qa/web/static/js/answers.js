/** One answer, on the ask page and on its proof sheet: sentences, calculation, why. */

import { html } from "../vendor/preact-htm.js";
import { spell } from "./money.js";
import { Mark } from "./parts.js";
import { cited } from "./text.js";

const BOUNDS = { exact: "准确", max: "最高", min: "至少", unknown: "未写明" };

/** A sum with its bound, in the words a citizen knows. */
export function Sum({ amount, bound }) {
  if (amount === null) return html`<span class="bound">未写明</span>`;
  return html`${bound !== "exact" && html`<span class="bound">${BOUNDS[bound]}</span>`} ${spell(amount)}`;
}

/** Sentences as they were proven; while they stream each brings what it cites as `cited`. */
export function Sentences({ sentences, citations, notices, open }) {
  return sentences.map((sentence) => {
    const held = sentence.cited ?? sentence.citations.map((position) => citations[position]);
    return html`<p class="sentence ${look(sentence, held, notices)}">
      ${cited(sentence.text).map(({ text, label }) =>
        text === undefined ? html`<${Reference} label=${label} held=${held} open=${open} />` : text,
      )}
    </p>`;
  });
}

function look({ text, proof }, held, notices) {
  if (notices.includes(text)) return "notice";
  return held.some((citation) => text.includes(citation.quote)) ? "quoting" : proof;
}

function Reference({ label, held, open }) {
  const own = held.filter((citation) => citation.clause === label);
  if (!open || own.length === 0) return html`<span class="mark">〔${label}〕</span>`;
  return html`<${Mark}
    policy=${own[0].policy}
    label=${label}
    spans=${own.map(({ start, end }) => [start, end])}
    open=${open}
  />`;
}

/** The calculation, a row a measure, with the total and what it leaves out. */
export function CalculationTable({ calculation, citations, open }) {
  const mark = (item) => {
    const own = citations.find(({ clause, quote }) => clause === item.clause && quote === item.quote);
    if (!open || !own) return html`<span class="mark">〔${item.clause}〕</span>`;
    return html`<${Mark} policy=${own.policy} label=${own.clause} spans=${[[own.start, own.end]]} open=${open} />`;
  };
  return html`<figure class="calculation">
    <figcaption>计算过程（由程序按条文算出）</figcaption>
    <div class="scroll" tabindex="0" role="region" aria-label="计算过程">
      <table>
        <thead>
          <tr>
            <th scope="col">支持</th>
            <th scope="col">怎么算</th>
            <th scope="col">条款</th>
            <th scope="col" class="sum">金额</th>
          </tr>
        </thead>
        <tbody>
          ${calculation.items.map(
            (item) => html`<tr>
              <th scope="row">${item.title}</th>
              <td>${item.formula}</td>
              <td>${mark(item)}</td>
              <td class="sum"><${Sum} amount=${item.amount} bound=${item.bound} /></td>
            </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colspan="3">合计</th>
            <td class="sum"><${Sum} amount=${calculation.total} bound=${calculation.bound} /></td>
          </tr>
        </tfoot>
      </table>
    </div>
    ${calculation.notes.map((note) => html`<p class="note">${note}</p>`)}
  </figure>`;
}

/** What was found and what was rejected, each with its reason. */
export function Why({ answer, open }) {
  const list = (hits) =>
    html`<ul>
      ${hits.map(
        (hit) => html`<li>
          <${Mark} policy=${hit.policy} label=${hit.clause} open=${open} /> <span>${hit.why}</span>
        </li>`,
      )}
    </ul>`;
  return html`<details class="why">
    <summary>为什么这样回答</summary>
    <p>每句话都核对过所注条款的原文，金额由程序计算。下面是检索到的条款和没有采用的条款。</p>
    <h3>检索到的条款</h3>
    ${answer.retrieved.length ? list(answer.retrieved) : html`<p>没有检索到条款。</p>`}
    ${answer.rejected.length > 0 &&
    html`<h3>没有采用的条款</h3>
      ${list(answer.rejected)}`}
  </details>`;
}
