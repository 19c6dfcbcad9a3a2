/** 「帮我核对」: a text in, each sentence beside the clause it speaks of. */

import { html, render, useEffect, useRef, useState } from "../vendor/preact-htm.js";
import { postJson } from "./api.js";
import { Copy, Failed, Mark, Notices, Pieces, usePane } from "./parts.js";
import { marked } from "./text.js";

const VERDICTS = {
  contradicted: ["✕", "矛盾", "与条文不一致"],
  not_found: ["○", "无依据", "条文里没有这个说法"],
  needs_condition: ["！", "需补条件", "话没有说全，少了决定性的条件"],
  supported: ["✓", "支持", "与条文一致"],
  no_claim: ["–", "不涉及", "没有说到政策内容"],
};
const KINDS = {
  amount: "金额",
  rate: "比例",
  bound: "上下限",
  count: "数量",
  unit: "单位",
  date: "日期",
  party: "对象",
  condition: "条件",
  negation: "肯定否定",
  clause: "条款号",
  modality: "语气",
  stacking: "叠加",
};
const SAMPLE = `您好，感谢来电咨询。
新认定的市级智能工厂、数字化车间、智能化产品，分别一次性奖补50万元、20万元、10万元。
购买高校院所先进技术成果的，按合同总价的10%补助，单个企业最高100万元。
在省股权交易中心专精特新板挂牌的企业，在省奖励的基础上再奖励10万元。
瞪羚企业认定奖励20万元。`;

function Check() {
  const [text, setText] = useState("");
  const [report, setReport] = useState(null);
  const [state, setState] = useState({ name: "idle" });
  const { open, pane } = usePane();
  const result = useRef(null);

  const check = async () => {
    if (!text.trim()) {
      setState({ name: "wrong", error: "还没有内容，请先把要核对的话贴进来，再点“开始核对”。" });
      return;
    }
    setState({ name: "checking" });
    try {
      setReport(await postJson("/api/check", { text }));
      setState({ name: "done" });
    } catch (failure) {
      setReport(null);
      setState({ name: "failed", error: failure.message });
    }
  };
  useEffect(() => report && result.current?.focus(), [report]);

  return html`<form
      class="paste"
      onSubmit=${(event) => {
        event.preventDefault();
        check();
      }}
    >
      <label for="text">要核对的话</label>
      <textarea
        id="text"
        rows="7"
        value=${text}
        aria-invalid=${state.name === "wrong"}
        aria-describedby="text-hint"
        onInput=${(event) => setText(event.target.value)}
      ></textarea>
      <p class="hint" id="text-hint">把同事、宣传单或聊天机器人说的话贴进来，一句一句和条文对照。</p>
      ${state.name === "wrong" && html`<p class="wrong" role="alert">${state.error}</p>`}
      <p class="actions">
        <button type="submit" class="primary" disabled=${state.name === "checking"}>开始核对</button>
        <button type="button" class="quiet" onClick=${() => setText(SAMPLE)}>放一段示例</button>
      </p>
    </form>
    <div aria-live="polite">
      ${state.name === "checking" && html`<p class="waiting">正在逐句核对…</p>`}
      ${state.name === "failed" && html`<${Failed} error=${state.error} retry=${check} />`}
      ${report && state.name === "done" && html`<${Report} report=${report} open=${open} heading=${result} />`}
    </div>
    ${pane}`;
}

function Report({ report, open, heading }) {
  const counted = Object.keys(VERDICTS)
    .map((verdict) => [verdict, report.sentences.filter((sentence) => sentence.verdict === verdict).length])
    .filter(([, count]) => count > 0);
  return html`<section class="report" aria-labelledby="report-title">
    <h2 id="report-title" tabindex="-1" ref=${heading}>核对结果：<${Badge} verdict=${report.verdict} /></h2>
    <p class="counts">共 ${report.sentences.length} 句：${counted
      .map(([verdict, count]) => `${VERDICTS[verdict][1]} ${count} 句`)
      .join("，")}。</p>
    <${Notices} notices=${report.notices} />
    <p class="actions"><${Copy} text=${written(report)}>复制核对结果<//></p>
    <ol class="sentences">
      ${report.sentences.map((sentence) => html`<${Checked} sentence=${sentence} open=${open} />`)}
    </ol>
  </section>`;
}

function Badge({ verdict }) {
  const [icon, name] = VERDICTS[verdict];
  return html`<span class="badge ${verdict}"><span aria-hidden="true">${icon}</span> ${name}</span>`;
}

function Checked({ sentence, open }) {
  const { verdict, text, clause, quote, differences } = sentence;
  const spans = (side) =>
    differences
      .filter((difference) => difference[side])
      .map((difference) => [difference[`${side}_start`], difference[`${side}_end`]]);
  return html`<li class="checked ${verdict}">
    <p class="verdict"><${Badge} verdict=${verdict} /> <span class="note">${VERDICTS[verdict][2]}</span></p>
    <div class="sides">
      <div class="side">
        <h3>说的是</h3>
        <p><${Pieces} pieces=${marked(text, spans("said"))} /></p>
      </div>
      ${quote &&
      html`<div class="side">
        <h3>
          条文是
          ${clause && html`<${Mark} policy=${sentence.policy} label=${clause} quotes=${[quote]} open=${open} />`}
        </h3>
        <p class="verbatim"><${Pieces} pieces=${marked(quote, spans("policy"))} /></p>
      </div>`}
    </div>
    ${differences.length > 0 &&
    html`<ul class="differences">
      ${differences.map(
        ({ kind, said, policy }) => html`<li>
          <span class="kind">${KINDS[kind]}</span>
          ${said ? html`说的是<mark>${said}</mark>` : "没有说到"}，${policy ? html`条文是<mark>${policy}</mark>` : "条文没有这一点"}。
        </li>`,
      )}
    </ul>`}
  </li>`;
}

function written({ sentences, notices }) {
  const lines = sentences.map(({ verdict, text, clause, quote }) => {
    const beside = quote ? `\n    条文〔${clause}〕：「${quote}」` : "";
    return `【${VERDICTS[verdict][1]}】${text}${beside}`;
  });
  return [...lines, ...notices].join("\n");
}

render(html`<${Check} />`, document.getElementById("app"));
