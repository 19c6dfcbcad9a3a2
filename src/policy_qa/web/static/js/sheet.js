/** The eligibility sheet, on its page and on paper: totals, chart, groups. */

import { html } from "../vendor/preact-htm.js";
import { more, share, spell } from "./money.js";
import { Mark } from "./parts.js";

const VERDICTS = {
  eligible: ["✓", "可享"],
  unknown: ["？", "还缺信息"],
  not_eligible: ["✕", "不可享"],
};

/** How the sheet is read, from what is sure to what is no money: which items, what they are, folded or not. */
const GROUPS = [
  {
    title: "条件都符合",
    verdict: "eligible",
    why: "按已经填的情况，条件都符合。",
    holds: (item) => item.is_money && item.verdict === "eligible",
    open: true,
  },
  {
    title: "再补充情况就能知道",
    verdict: "unknown",
    why: "补充每一项里“还要知道”的情况，就能知道能不能享受、能拿多少。",
    holds: (item) => item.is_money && item.verdict === "unknown" && item.missing.length > 0,
    open: true,
  },
  {
    title: "条文没有写明数额",
    verdict: "unknown",
    why: "条文说有这笔支持，没有写明给多少或给谁，请向负责部门核实。",
    holds: (item) => item.is_money && item.verdict === "unknown" && item.missing.length === 0,
    brief: true,
  },
  {
    title: "条件不符合，或者不是给企业的",
    verdict: "not_eligible",
    why: "有条件不符合，或者这笔支持给的不是企业自己。",
    holds: (item) => item.is_money && item.verdict === "not_eligible",
  },
  {
    title: "不是资金的支持",
    verdict: null,
    why: "认定、指标、培训、对接这些服务，不计入合计。",
    holds: (item) => !item.is_money,
    brief: true,
  },
];

/** A sum, or the interval it lies in, as people say it. */
export function interval({ low, high }) {
  if (low === high) return spell(low);
  return `最少${spell(low)}，${high === null ? "最多没有写明" : `最多${spell(high)}`}`;
}

/** The same beside a bar, where there is little room. */
function brief({ low, high }) {
  if (high === null) return low === "0" ? "没有写明上限" : `${spell(low)}以上`;
  if (low === high) return spell(low);
  return low === "0" ? `最多${spell(high)}` : `${spell(low)}至${spell(high)}`;
}

/** What is sure, what is possible at most, and what the sum leaves out. */
export function Totals({ sheet, titles, unfolded = false }) {
  const { total, bounded_total: bounded } = sheet;
  return html`<dl class="totals" aria-live="polite">
    <div>
      <dt>确定能拿</dt>
      <dd>${spell(total.low)}</dd>
    </div>
    <div>
      <dt>写明上限的，最多</dt>
      <dd>${bounded.high === null ? "没有写明" : spell(bounded.high)}</dd>
    </div>
    <div>
      <dt>全部支持，最多</dt>
      <dd>${total.high === null ? "算不出上限" : spell(total.high)}</dd>
    </div>
  </dl>
  ${bounded.left_out.length > 0 &&
  html`<details class="left-out" open=${unfolded}>
    <summary>有 ${bounded.left_out.length} 项支持没有写明上限，没有计入“写明上限的”</summary>
    <ul>
      ${bounded.left_out.map((measure) => html`<li>${titles.get(measure) ?? measure}</li>`)}
    </ul>
  </details>`}`;
}

/** Which measure brings how much: sure solid, possible hatched, without a bound an open end. */
export function Chart({ items }) {
  const drawn = items.filter(
    ({ verdict, amount, missing }) =>
      verdict !== "not_eligible" && (amount.high === null ? missing.length > 0 : amount.high !== "0"),
  );
  if (drawn.length === 0) return null;
  const top = (item) => item.amount.high ?? item.amount.low;
  const sorted = [...drawn].sort((a, b) => (more(top(a), top(b)) ? -1 : more(top(b), top(a)) ? 1 : 0));
  const most = top(sorted[0]);
  return html`<table class="chart">
    <caption>
      哪一项能带来多少
      <span class="key"><${Bar} low="1" high="1" most="1" /> 确定</span>
      <span class="key"><${Bar} low="0" high="1" most="1" /> 可能</span>
      ${drawn.some(({ amount }) => amount.high === null) &&
      html`<span class="key"><${Bar} low="0" high=${null} most="1" /> 可能，没有写明上限</span>`}
    </caption>
    <thead class="offscreen">
      <tr>
        <th scope="col">支持</th>
        <th scope="col">图</th>
        <th scope="col">金额</th>
      </tr>
    </thead>
    <tbody>
      ${sorted.map(
        ({ policy, measure, title, amount }) => html`<tr key=${`${policy} ${measure}`}>
          <th scope="row">${title}</th>
          <td class="bar-cell"><${Bar} ...${amount} most=${most} /></td>
          <td class="sum">${brief(amount)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Bar({ low, high, most }) {
  const [from, to] = [share(low, most), high === null ? 96 : share(high, most)];
  return html`<svg class="bar" aria-hidden="true" focusable="false">
    ${to > from &&
    html`<rect class="possible" x=${`${from}%`} y="1" width=${`${to - from}%`} height="14" fill="url(#hatch)" />`}
    ${from > 0 && html`<rect class="sure" x="0" y="1" width=${`${from}%`} height="14" />`}
    ${high === null && html`<svg x="96%" y="0" class="open-end" overflow="visible"><path d="M0 1 L9 8 L0 15 Z" /></svg>`}
  </svg>`;
}

/** The hatching that all bars share; once a page. */
export function Hatch() {
  return html`<svg class="defs" aria-hidden="true" focusable="false">
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="hatch-ground" width="6" height="6" />
        <rect class="hatch-line" width="2.5" height="6" />
      </pattern>
    </defs>
  </svg>`;
}

/**
 * All measures in groups; `asks` names facts, `open` shows a clause. On paper there is nothing to open: all is
 * unfolded, and what brings no sum is only listed.
 */
export function Groups({ sheet, asks, open }) {
  return GROUPS.map((group) => {
    const items = sheet.items.filter(group.holds);
    if (items.length === 0) return null;
    return html`<details class="group" open=${group.open || !open}>
      <summary>
        <h3>${group.verdict && html`<${Verdict} verdict=${group.verdict} />`} ${group.title} <small>${items.length} 项</small></h3>
      </summary>
      <p class="note">${group.why}</p>
      <ul class="measures">
        ${items.map((item) =>
          group.brief && !open
            ? html`<${Listed} key=${`${item.policy} ${item.measure}`} item=${item} />`
            : html`<${Measure}
                key=${`${item.policy} ${item.measure}`}
                item=${item}
                asks=${asks}
                open=${open}
                badged=${!group.verdict}
              />`,
        )}
      </ul>
    </details>`;
  });
}

/** How the sum comes about, or why there is none: it goes to somebody else, or a condition fails. */
function Outcome({ item, mark }) {
  if (item.verdict !== "not_eligible") return html`<p class="formula">${item.formula}</p>`;
  if (item.goes_to) return html`<p class="elsewhere">${item.formula}</p>`;
  return item.failed.map(
    (failed) => html`<p class="unmet">不符合条件：“${failed.condition}” ${mark(failed.clause, failed.quote)}</p>`,
  );
}

function Listed({ item }) {
  const departments = item.departments.length > 0 && html`<span class="note">${item.departments.join("、")}</span>`;
  return html`<li>${item.title} <span class="mark">〔${item.clause}〕</span> ${departments}</li>`;
}

function Verdict({ verdict }) {
  const [icon, name] = VERDICTS[verdict];
  return html`<span class="badge ${verdict}"><span aria-hidden="true">${icon}</span> ${name}</span>`;
}

function Measure({ item, asks, open, badged }) {
  const mark = (label, quote) =>
    open
      ? html`<${Mark} policy=${item.policy} label=${label} quotes=${[quote]} open=${open} />`
      : html`<span class="mark">〔${label}〕</span>`;
  return html`<li class="measure ${item.verdict}">
    <div class="measure-head">
      <h4>${item.title} ${mark(item.clause, item.quote)}</h4>
      ${badged && html`<${Verdict} verdict=${item.verdict} />`}
      ${item.is_money && item.verdict !== "not_eligible" && html`<p class="worth">${interval(item.amount)}</p>`}
    </div>
    <${Outcome} item=${item} mark=${mark} />
    ${item.stacking && html`<p class="stacking">条文写明“${item.stacking}”。</p>`}
    ${item.missing.length > 0 &&
    html`<p class="missing">还要知道：${item.missing.map((fact) => asks.get(fact) ?? fact).join(" ")}</p>`}
    ${item.counterfactuals.map(
      (other) => html`<p class="counterfactual">
        <span aria-hidden="true">→</span> ${other.change} ${mark(other.clause, item.quote)}
      </p>`,
    )}
    ${item.assumptions.map((assumption) => html`<p class="note">说明：${assumption}。</p>`)}
    <blockquote class="verbatim">${item.quote}</blockquote>
    ${item.departments.length > 0 && html`<p class="note">负责部门：${item.departments.join("、")}</p>`}
  </li>`;
}
