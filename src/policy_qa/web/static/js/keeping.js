/**
 * What stays in this browser and nowhere else: the questions asked, and the facts of an enterprise.
 * A browser that keeps nothing (private mode, storage switched off) works the same, until the page closes.
 */

const memory = new Map();

function drawer(storage, name) {
  const key = `policy-qa.${name}`;
  return {
    read() {
      try {
        return JSON.parse(window[storage].getItem(key)) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    write(value) {
      memory.set(key, value);
      try {
        window[storage].setItem(key, JSON.stringify(value));
      } catch {
        // Storage is full or switched off: the page goes on with what is in memory.
      }
    },
    clear() {
      memory.delete(key);
      try {
        window[storage].removeItem(key);
      } catch {
        // Nothing was kept, so nothing is left.
      }
    },
  };
}

const MOST_KEPT = 50;
const asked = drawer("localStorage", "asked");
const session = drawer("sessionStorage", "facts");
const kept = drawer("localStorage", "facts");

/** The answers of this browser, latest first: `{question, facts, answer}`. */
export const history = {
  all: () => asked.read() ?? [],
  add(turn) {
    const others = this.all().filter((old) => old.answer.id !== turn.answer.id);
    asked.write([turn, ...others].slice(0, MOST_KEPT));
  },
  find(id) {
    return this.all().find((turn) => turn.answer.id === id) ?? null;
  },
  clear: () => asked.clear(),
};

/** The facts of the eligibility sheet: until the tab closes, or longer where the user chose so. */
export const facts = {
  read: () => session.read() ?? kept.read() ?? {},
  areKept: () => kept.read() !== null,
  write(values, keep) {
    session.write(values);
    if (keep) kept.write(values);
    else kept.clear();
  },
};
