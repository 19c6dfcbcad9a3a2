/** 「我能享受什么」: facts in, all measures at once; the facts stay in this browser and in the request. */

import { html, render, useEffect, useRef, useState } from "../vendor/preact-htm.js";
import { getJson, postJson } from "./api.js";
import { Amount, YesNo } from "./fields.js";
import { facts as keeping } from "./keeping.js";
import { Failed, Notices, usePane } from "./parts.js";
import { Chart, Groups, Hatch, Totals } from "./sheet.js";

const PAUSE = 250;

function Eligibility() {
  const [catalogue, setCatalogue] = useState(null);
  const [values, setValues] = useState(() => keeping.read());
  const [keep, setKeep] = useState(() => keeping.areKept());
  const [sheet, setSheet] = useState(null);
  const [error, setError] = useState("");
  const [generation, setGeneration] = useState(0);
  const { open, pane } = usePane();
  const running = useRef(null);

  const load = () => {
    setError("");
    getJson("/api/measures").then(
      (found) => {
        setValues((old) => known(old, found));
        setCatalogue(found);
      },
      (failure) => setError(failure.message),
    );
  };
  const compute = async () => {
    running.current?.abort();
    const own = (running.current = new AbortController());
    try {
      const found = await postJson("/api/eligibility", { facts: values }, own.signal);
      setError("");
      setSheet(found);
    } catch (failure) {
      if (!own.signal.aborted) setError(failure.message);
    }
  };
  useEffect(load, []);
  useEffect(() => {
    if (!catalogue) return undefined;
    const timer = setTimeout(compute, sheet ? PAUSE : 0);
    return () => clearTimeout(timer);
  }, [values, catalogue]);
  useEffect(() => keeping.write(values, keep), [values, keep]);

  const set = (fact, value) =>
    setValues((old) => {
      const others = Object.entries(old).filter(([name]) => name !== fact);
      return Object.fromEntries(value === undefined ? others : [...others, [fact, value]]);
    });
  const clear = () => {
    setValues({});
    setGeneration(generation + 1);
  };

  if (error && !catalogue) return html`<${Failed} error=${error} retry=${load} />`;
  if (!catalogue) return html`<p class="waiting">正在打开表格…</p>`;
  const asks = new Map(catalogue.facts.map((fact) => [fact.fact, fact.ask]));
  const titles = new Map(catalogue.measures.map((measure) => [measure.measure, measure.title]));
  return html`<${Hatch} />
    <div class="desk">
      <${Facts}
        key=${generation}
        catalogue=${catalogue}
        values=${values}
        set=${set}
        keep=${keep}
        setKeep=${setKeep}
        clear=${clear}
      />
      <section class="sheet" aria-labelledby="sheet-title">
        <h2 id="sheet-title">按现在填的情况</h2>
        ${error && html`<${Failed} error=${error} retry=${compute} />`}
        ${sheet &&
        html`<${Next} needs=${sheet.needs} set=${set} />
          <${Totals} sheet=${sheet} titles=${titles} />
          <${Notices} notices=${sheet.notices} />
          <p class="actions">
            <a class="quiet" href="/print/eligibility">打印这张表</a>
            <a class="quiet" download="我能享受什么.json" href=${download({ facts: values, ...sheet })}>下载 JSON</a>
          </p>
          <${Chart} items=${sheet.items} />
          <${Groups} sheet=${sheet} asks=${asks} open=${open} />`}
      </section>
    </div>
    ${pane}`;
}

/** The form, generated from what the rules read, grouped by the clause that reads it first. */
function Facts({ catalogue, values, set, keep, setKeep, clear }) {
  return html`<form class="facts" aria-label="企业的情况" onSubmit=${(event) => event.preventDefault()}>
    <h2>企业的情况</h2>
    <p class="hint">都可以不填；填得越多，算得越准。</p>
    ${grouped(catalogue).map(
      ([heading, facts], position) => html`<${FactGroup}
        key=${heading}
        heading=${heading}
        facts=${facts}
        values=${values}
        set=${set}
        first=${position === 0}
      />`,
    )}
    <p class="keep">
      <label>
        <input type="checkbox" checked=${keep} onChange=${(event) => setKeep(event.target.checked)} />
        <span>记在这个浏览器里</span>
      </label>
      <small>不勾选，关掉页面就没有了。填的内容只用来算这张表，服务器不保存。</small>
    </p>
    <button type="button" class="quiet" onClick=${clear}>全部清空</button>
  </form>`;
}

/** Questions that belong together; on a phone only the first ones, and those with an answer, begin unfolded. */
function FactGroup({ heading, facts, values, set, first }) {
  const [open] = useState(
    () => first || window.matchMedia("(min-width: 56rem)").matches || facts.some(({ fact }) => fact in values),
  );
  return html`<details class="fact-group" open=${open}>
    <summary><h3>${heading}</h3></summary>
    ${facts.map((fact) => html`<${Field} key=${fact.fact} fact=${fact} value=${values[fact.fact]} set=${set} />`)}
  </details>`;
}

function Field({ fact, value, set }) {
  const change = (chosen) => set(fact.fact, chosen);
  return fact.type === "bool"
    ? html`<${YesNo} ...${fact} name=${fact.fact} value=${value} change=${change} open />`
    : html`<${Amount} ...${fact} name=${fact.fact} value=${value} change=${change} />`;
}

/** The one question worth answering next. */
function Next({ needs, set }) {
  if (needs.length === 0) return html`<p class="settled">再补充别的情况，这张表也不会变了。</p>`;
  const [need] = needs;
  return html`<section class="next" aria-label="最值得先回答的问题">
    <h3>最值得先回答的问题</h3>
    ${need.type === "bool"
      ? html`<p>${need.ask}</p>
          <button type="button" class="chip" onClick=${() => set(need.fact, true)}>是</button>
          <button type="button" class="chip" onClick=${() => set(need.fact, false)}>否</button>`
      : html`<p>${need.ask}</p>
          <button type="button" class="chip" onClick=${() => goTo(need.fact)}>去填写</button>`}
  </section>`;
}

function goTo(fact) {
  const field = document.getElementById(`fact-${fact}`);
  field.closest("details").open = true;
  field.focus();
}

/** The values whose facts there still are: what a browser kept may be older than the policies. */
function known(values, { facts }) {
  const names = new Set(facts.map((fact) => fact.fact));
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

function grouped({ facts, measures }) {
  const groups = new Map();
  for (const fact of facts) {
    const reader = measures.find((measure) => measure.facts.includes(fact.fact));
    if (!reader) continue;
    const heading = `${reader.clause_title}〔${reader.clause}〕`;
    groups.set(heading, [...(groups.get(heading) ?? []), fact]);
  }
  return [...groups];
}

function download(content) {
  return `data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify(content, null, 2))}`;
}

render(html`<${Eligibility} />`, document.getElementById("app"));
