/** 「问一问」: a conversation whose every sentence opens its clause. */

import { html, render, useEffect, useRef, useState } from "../vendor/preact-htm.js";
import { CalculationTable, Sentences, Why } from "./answers.js";
import { getJson, postJson, stream } from "./api.js";
import { Amount, YesNo, said } from "./fields.js";
import { history } from "./keeping.js";
import { Copy, Failed, Notices, usePane } from "./parts.js";

const EXAMPLES = [
  "小巨人企业奖多少？",
  "跟大学买了项技术，实际付了三百二十万，能补多少？",
  "第13条原文",
  "市科技局负责哪些条款？",
];
const NEEDS_SHOWN = 3;

let turnNumber = 0;

function Ask() {
  const [turns, setTurns] = useState([]);
  const [known, setKnown] = useState({});
  const [catalogue, setCatalogue] = useState({});
  const [past, setPast] = useState(() => history.all());
  const { open, pane } = usePane();
  const running = useRef(null);

  useEffect(() => {
    getJson("/api/measures").then(
      ({ facts }) => setCatalogue(Object.fromEntries(facts.map((fact) => [fact.fact, fact]))),
      () => {}, // The questions of an answer carry what is needed; the tags then show less.
    );
  }, []);

  const change = (number, changed) =>
    setTurns((old) => old.map((turn) => (turn.number === number ? { ...turn, ...changed(turn) } : turn)));

  const run = async ({ number, question, facts }) => {
    running.current?.abort();
    running.current = new AbortController();
    change(number, () => ({ state: "asking", sentences: [], error: "" }));
    try {
      await stream(
        "/api/ask/stream",
        { question, facts },
        (name, data) => {
          if (name === "sentence") change(number, (turn) => ({ sentences: [...turn.sentences, data] }));
          if (name === "done") finish(number, question, facts, data);
        },
        running.current.signal,
      );
    } catch (failure) {
      change(number, () => ({ state: "failed", error: failure.message }));
    }
  };
  const finish = (number, question, facts, answer) => {
    change(number, () => ({ state: "done", answer, sentences: answer.sentences }));
    history.add({ question, facts, answer });
    setPast(history.all());
  };
  const ask = (question, facts, shown) => {
    const turn = { number: ++turnNumber, question, facts, shown, state: "asking", sentences: [] };
    setTurns((old) => [...old, turn]);
    run(turn);
  };
  const supply = (turn, need, value) => {
    const facts = { ...known, [need.fact]: value };
    setCatalogue((old) => ({ [need.fact]: need, ...old }));
    setKnown(facts);
    ask(turn.question, facts, `补充：${need.ask} ${said(value, need)}`);
  };
  const reopen = (old) => {
    setKnown(old.facts);
    const turn = { ...old, number: ++turnNumber, state: "done", sentences: old.answer.sentences };
    setTurns((turns) => [...turns, turn]);
  };
  const clear = () => {
    history.clear();
    setPast([]);
  };
  const latest = turns[turns.length - 1]?.number;

  return html`<div class="talk">
    <div class="conversation">
      ${turns.length === 0 && html`<${Welcome} ask=${(question) => ask(question, known)} />`}
      <div class="turns">
        ${turns.map(
          (turn) => html`<${Turn}
            key=${turn.number}
            turn=${turn}
            open=${open}
            retry=${() => run(turn)}
            supply=${turn.number === latest ? (need, value) => supply(turn, need, value) : null}
          />`,
        )}
      </div>
      <${Composer} ask=${(question) => ask(question, known)} known=${known}>
        <${Known} known=${known} catalogue=${catalogue} change=${setKnown} />
      <//>
    </div>
    <div class="beside">
      <${HowToRead} />
      <${Past} past=${past} reopen=${reopen} clear=${clear} />
    </div>
    ${pane}
  </div>`;
}

function Welcome({ ask }) {
  return html`<section class="welcome" aria-label="可以这样问">
    <p>可以这样问，点一下就问：</p>
    <ul class="chips">
      ${EXAMPLES.map(
        (example) => html`<li><button type="button" class="chip" onClick=${() => ask(example)}>${example}</button></li>`,
      )}
    </ul>
  </section>`;
}

function Turn({ turn, open, retry, supply }) {
  const place = useRef(null);
  useEffect(() => place.current.scrollIntoView({ block: "start" }), []);
  const { answer } = turn;
  return html`<article class="turn" ref=${place} aria-busy=${turn.state === "asking"}>
    <h2 class="question">${turn.shown ?? turn.question}</h2>
    <div class="answer" aria-live="polite">
      <${Sentences}
        sentences=${turn.sentences}
        citations=${answer?.citations ?? []}
        notices=${answer?.notices ?? []}
        open=${open}
      />
      ${turn.state === "asking" && html`<p class="waiting">正在查条文、核对每一句…</p>`}
      ${turn.state === "failed" && html`<${Failed} error=${turn.error} retry=${retry} />`}
    </div>
    ${answer && html`<${Rest} turn=${turn} answer=${answer} open=${open} supply=${supply} />`}
  </article>`;
}

function Rest({ turn, answer, open, supply }) {
  const { calculation, needs, notices } = answer;
  const shown = new Set(answer.sentences.map((sentence) => sentence.text));
  return html`${calculation?.items.length > 0 &&
    html`<${CalculationTable} calculation=${calculation} citations=${answer.citations} open=${open} />`}
    ${supply && needs.length > 0 && html`<${Needs} needs=${needs.slice(0, NEEDS_SHOWN)} supply=${supply} />`}
    <${Notices} notices=${notices.filter((notice) => !shown.has(notice))} />
    <footer class="actions">
      <${Copy} text=${`问：${turn.question}\n答：${answer.answer}`}>复制回答<//>
      <a class="quiet" href=${`/print/proof#${answer.id}`}>打印核对单</a>
      <${Feedback} turn=${turn} />
    </footer>
    <${Why} answer=${answer} open=${open} />`;
}

/** What the answer would like to know next, the most useful first. */
function Needs({ needs, supply }) {
  return html`<section class="needs" aria-label="补充情况，可以答得更准">
    <h3>补充一点，可以答得更准</h3>
    ${needs.map(
      (need) => html`<${Supply} key=${need.fact} need=${need} supply=${(value) => supply(need, value)} />`,
    )}
  </section>`;
}

function Supply({ need, supply }) {
  const [value, setValue] = useState(undefined);
  if (need.type === "bool") {
    return html`<div class="need" role="group" aria-label=${need.ask}>
      <p>${need.ask}</p>
      <button type="button" class="chip" onClick=${() => supply(true)}>是</button>
      <button type="button" class="chip" onClick=${() => supply(false)}>否</button>
    </div>`;
  }
  const send = (event) => {
    event.preventDefault();
    if (value !== undefined) supply(value);
  };
  return html`<form class="need" onSubmit=${send}>
    <${Amount} ...${need} name=${`need-${need.fact}`} value=${value} change=${setValue} />
    <button type="submit" class="chip" disabled=${value === undefined}>确定</button>
  </form>`;
}

/** The facts that are sent with every question of this conversation, each to change or to drop. */
function Known({ known, catalogue, change }) {
  const [edited, edit] = useState(null);
  const names = Object.keys(known);
  if (names.length === 0) return null;
  const drop = (name) => change(Object.fromEntries(Object.entries(known).filter(([other]) => other !== name)));
  return html`<section class="known" aria-label="已经知道的情况">
    <h3>已经知道的情况<small>随每个问题一起发送，可以改、可以删</small></h3>
    <ul>
      ${names.map((name) => {
        const fact = catalogue[name] ?? { ask: name, type: typeof known[name] === "boolean" ? "bool" : "integer" };
        const set = (value) => value !== undefined && change({ ...known, [name]: value });
        return html`<li key=${name}>
          <span class="tag">
            ${fact.ask} <strong>${said(known[name], fact)}</strong>
            <button type="button" aria-expanded=${edited === name} onClick=${() => edit(edited === name ? null : name)}>
              ${edited === name ? "改好了" : "修改"}
            </button>
            <button type="button" aria-label=${`删除：${fact.ask}`} onClick=${() => drop(name)}>✕</button>
          </span>
          ${edited === name &&
          (fact.type === "bool"
            ? html`<${YesNo} ...${fact} name=${`known-${name}`} value=${known[name]} change=${set} />`
            : html`<${Amount} ...${fact} name=${`known-${name}`} value=${known[name]} change=${set} />`)}
        </li>`;
      })}
    </ul>
  </section>`;
}

function Composer({ ask, children }) {
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState("");
  const send = (event) => {
    event.preventDefault();
    const question = typed.trim();
    setWrong(question ? "" : "还没有写问题，请先写下您想问的内容，再点“问一问”。");
    if (!question) return;
    ask(question);
    setTyped("");
  };
  const keyed = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  return html`<form class="composer" onSubmit=${send}>
    ${children}
    <label for="question">您想问什么</label>
    <div class="entry">
      <textarea
        id="question"
        rows="2"
        maxlength="4000"
        value=${typed}
        aria-invalid=${wrong !== ""}
        aria-describedby="question-hint"
        onInput=${(event) => setTyped(event.target.value)}
        onKeyDown=${keyed}
      ></textarea>
      <button type="submit" class="primary">问一问</button>
    </div>
    <p class="hint" id="question-hint">回车发送，Shift＋回车换行。金额写成“320万”“三百二十万”都可以。</p>
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
  </form>`;
}

function Feedback({ turn: { number, question, answer } }) {
  const [useful, setUseful] = useState(null);
  const [reason, setReason] = useState("");
  const [enclosed, setEnclosed] = useState(false);
  const [state, setState] = useState({ name: "asking" });
  const send = async () => {
    setState({ name: "sending" });
    try {
      await postJson("/api/feedback", {
        answer_id: answer.id,
        useful,
        reason: reason.trim() || null,
        question: enclosed ? question : null,
      });
      setState({ name: "sent" });
    } catch (failure) {
      setState({ name: "failed", error: failure.message });
    }
  };
  if (state.name === "sent") return html`<span class="said" role="status">已经记下，谢谢。</span>`;
  return html`<span class="feedback" role="group" aria-label="这个回答有没有用">
      <button type="button" class="quiet" aria-pressed=${useful === true} onClick=${() => setUseful(true)}>有用</button>
      <button type="button" class="quiet" aria-pressed=${useful === false} onClick=${() => setUseful(false)}>
        没用
      </button>
    </span>
    ${useful !== null &&
    html`<span class="reason">
      <label for=${`reason-${number}`}>${useful ? "哪里有用（可不填）" : "哪里不对（可不填）"}</label>
      <input
        id=${`reason-${number}`}
        maxlength="1000"
        value=${reason}
        onInput=${(event) => setReason(event.target.value)}
      />
      <button type="button" class="chip" disabled=${state.name === "sending"} onClick=${send}>提交</button>
      <label class="enclose">
        <input type="checkbox" checked=${enclosed} onChange=${(event) => setEnclosed(event.target.checked)} />
        <span>把这个问题一起发给维护人员，用来改进</span>
      </label>
      ${state.name === "failed" && html`<${Failed} error=${state.error} />`}
    </span>`}`;
}

function HowToRead() {
  return html`<section class="guide" aria-labelledby="guide-title">
    <h2 id="guide-title">怎么看回答</h2>
    <dl>
      <dt>〔三（一）3〕</dt>
      <dd>这句话的依据，点开看条文原文。</dd>
      <dt>最高</dt>
      <dd>条文写的是上限，不是一定能拿到的数。</dd>
      <dt>至少</dt>
      <dd>还有没写明数额的支持，没有算进去。</dd>
      <dt>未写明</dt>
      <dd>条文没有写数额，要向负责部门核实。</dd>
    </dl>
  </section>`;
}

function Past({ past, reopen, clear }) {
  if (past.length === 0) return null;
  return html`<details class="past" open>
    <summary>以前问过的（${past.length}）</summary>
    <p>只存在这个浏览器里，不会发送出去。<button type="button" class="quiet" onClick=${clear}>全部清除</button></p>
    <ul>
      ${past.map(
        (old) => html`<li key=${old.answer.id}>
          <button type="button" class="link" onClick=${() => reopen(old)}>${old.question}</button>
          <small>${old.answer.as_of}</small>
        </li>`,
      )}
    </ul>
  </details>`;
}

render(html`<${Ask} />`, document.getElementById("app"));
