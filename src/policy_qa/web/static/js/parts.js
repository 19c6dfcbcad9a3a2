/** What several pages show in the same way. */

import { html, useEffect, useRef, useState } from "../vendor/preact-htm.js";
import { getJson } from "./api.js";
import { passages, span } from "./text.js";

/** A sentence that something failed, with the way out. */
export function Failed({ error, retry }) {
  return html`<p class="failed" role="alert">
    <span aria-hidden="true">⚠</span> ${error}
    ${retry && html`<button type="button" onClick=${retry}>重试</button>`}
  </p>`;
}

/** Copies `text`, and says so. */
export function Copy({ text, children }) {
  const [said, say] = useState("");
  const copy = async () => {
    say((await copied(text)) ? "已复制" : "复制不了，请选中文字后手动复制");
    setTimeout(() => say(""), 3000);
  };
  return html`<span>
    <button type="button" class="quiet" onClick=${copy}>${children}</button>
    <span class="said" role="status">${said}</span>
  </span>`;
}

/** Puts `text` on the clipboard, also where the page came over plain http and the browser has no clipboard API. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "offscreen";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/** A 〔mark〕 that opens its clause beside the text, with `spans` or `quotes` of it highlighted. */
export function Mark({ policy, label, spans = [], quotes = [], open }) {
  return html`<button
    type="button"
    class="mark"
    aria-label=${`打开条款${label}`}
    onClick=${(event) => open({ policy, label, spans, quotes, from: event.currentTarget })}
    >〔${label}〕</button
  >`;
}

/** Pieces of verbatim text with what is highlighted. */
export function Pieces({ pieces }) {
  return pieces.map(({ text, marked }) => (marked ? html`<mark>${text}</mark>` : text));
}

/** The clause beside the answer: `shown` is `{policy, label, spans, quotes, from}` or null. */
export function ClausePane({ shown, close }) {
  const [clause, setClause] = useState(null);
  const [error, setError] = useState("");
  const heading = useRef(null);
  const body = useRef(null);

  const load = () => {
    setError("");
    setClause(null);
    let current = true;
    const number = encodeURIComponent(shown.label);
    getJson(`/api/policies/${encodeURIComponent(shown.policy)}/clauses?number=${number}`).then(
      (found) => current && setClause(found.clauses[0]),
      (failure) => current && setError(failure.message),
    );
    return () => (current = false);
  };
  const leave = () => {
    close();
    shown.from?.focus();
  };
  useEffect(() => {
    document.body.classList.toggle("has-pane", shown !== null);
    if (shown === null) return undefined;
    heading.current.focus();
    return load();
  }, [shown]);
  useEffect(() => {
    body.current?.querySelector("mark")?.scrollIntoView({ block: "center" });
  }, [clause]);

  if (shown === null) return null;
  const spans = clause ? [...shown.spans, ...shown.quotes.map((quote) => span(clause.text, quote)).filter(Boolean)] : [];
  return html`<aside
    class="pane"
    aria-labelledby="pane-title"
    onKeyDown=${(event) => event.key === "Escape" && leave()}
  >
    <header>
      <h2 id="pane-title" tabindex="-1" ref=${heading}>${shown.label} ${clause?.title}</h2>
      <button type="button" class="close" aria-label="关闭条款" onClick=${leave}>✕</button>
    </header>
    <div class="pane-body" ref=${body} tabindex="0" role="region" aria-label="条款原文">
      ${error && html`<${Failed} error=${error} retry=${load} />`}
      ${!error && !clause && html`<p class="waiting">正在打开条款…</p>`}
      ${clause &&
      html`<p class="path">${clause.path.slice(0, -1).join(" › ")}</p>
        ${passages(clause, spans).map(
          (pieces) => html`<p class="verbatim"><${Pieces} pieces=${pieces} /></p>`,
        )}`}
    </div>
    <footer>
      ${clause && html`<a href=${clause.address}>单独打开这一条</a>`}
      ${clause && html`<${Copy} text=${clause.citation}>复制正式引用<//>`}
    </footer>
  </aside>`;
}

/** The clause that is open, and the means to open and to close. */
export function usePane() {
  const [shown, open] = useState(null);
  return { open, pane: html`<${ClausePane} shown=${shown} close=${() => open(null)} />` };
}

/** The notices of a policy, as on every answer, copy and print. */
export function Notices({ notices }) {
  return notices.map((notice) => html`<p class="notice">${notice}</p>`);
}
