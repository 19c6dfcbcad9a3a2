/** The one way to the server: every failure comes back as one Chinese sentence that says what to do. */

const PATIENCE = 30_000;

export class Failure extends Error {}

export const getJson = (address) => exchange(address, {}, (response) => response.json());

export const postJson = (address, body, signal) =>
  exchange(address, { ...posted(body), signal }, async (response) =>
    response.status === 204 ? null : response.json(),
  );

/** Posts and hands each server-sent event to `heard(name, data)`; ends with the event `done`. */
export function stream(address, body, heard, signal) {
  return exchange(address, { ...posted(body), signal }, async (response, alive) => {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let pending = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Failure("回答在中途断开了，还没有说完，请点“重试”再问一次。");
      alive();
      pending += value.replaceAll("\r", "");
      const blocks = pending.split("\n\n");
      pending = blocks.pop();
      for (const { name, data } of blocks.map(event).filter(Boolean)) {
        if (name === "error") throw new Failure(data.detail ?? data.title ?? UNCLEAR);
        heard(name, data);
        if (name === "done") return;
      }
    }
  });
}

const UNCLEAR = "服务器没有能完成这一次的工作，请点“重试”，仍然不行请联系维护人员。";

function posted(body) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

async function exchange(address, { signal, ...options }, read) {
  const patience = new AbortController();
  const abandon = () => patience.abort();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(abandon, PATIENCE);
  };
  signal?.addEventListener("abort", abandon);
  try {
    alive();
    const response = await fetch(address, { ...options, signal: patience.signal });
    if (!response.ok) throw new Failure(await complaint(response));
    return await read(response, alive);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (signal?.aborted) throw new Failure("已经停下，没有等到结果，需要时请点“重试”。");
    if (patience.signal.aborted) throw new Failure("等了 30 秒还没有回音，服务器可能正忙，请点“重试”。");
    throw new Failure("连不上服务器，内容没有送到，请检查网络后点“重试”。");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abandon);
  }
}

async function complaint(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? problem.title ?? UNCLEAR;
}

function event(block) {
  const lines = block.split("\n");
  const field = (name) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const data = field("data").join("\n");
  return data ? { name: field("event")[0] ?? "message", data: JSON.parse(data) } : null;
}
