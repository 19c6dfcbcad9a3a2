/**
 * Sums for the eye. The server computes every sum and sends plain digits in yuan; these functions only move
 * the decimal point of such a string, so that no digit can change.
 */

/** "500000" → "50万元"; always exact: in 亿 or 万 where two decimals suffice, else in full. */
export function spell(plain) {
  for (const [name, places] of [["亿", 8], ["万", 4]]) {
    const scaled = shifted(plain, -places);
    const [whole, fraction = ""] = scaled.split(".");
    if (whole !== "0" && fraction.length <= 2) return `${scaled}${name}元`;
  }
  return `${plain}元`;
}

const PLACES = { 亿: 8, 万: 4, 元: 0 };

/** What a person typed ("３２０.5" of 万元, or "320.5万") as plain digits in yuan, null where it is no sum. */
export function yuan(typed, unit) {
  const digits = withoutUnit(bare(typed));
  if (!/^\d{1,15}(\.\d{1,6})?$/.test(digits)) return null;
  return shifted(digits, PLACES[(typedUnit(typed) ?? unit)[0]]);
}

/** The unit typed behind a sum, in full (万元 of "320万"), null where there is none. */
export function typedUnit(typed) {
  const [, unit] = /\d(亿|万|元|亿元|万元)$/.exec(bare(typed)) ?? [];
  return unit ? `${unit.replace("元", "")}元` : null;
}

/** What a person typed without the unit behind it. */
export function withoutUnit(typed) {
  return typedUnit(typed) ? typed.replace(/[亿万元\s]+$/, "") : typed;
}

/** What a person typed as a whole number, null where it is none. */
export function count(typed) {
  const digits = bare(typed);
  return /^\d{1,9}$/.test(digits) ? Number(digits) : null;
}

/** "2，1" or "2 1" as whole numbers, null where one of them is none. */
export function counts(typed) {
  const parts = typed.normalize("NFKC").split(/[,、;\s]+/).filter(Boolean).map(count);
  return parts.length === 0 || parts.includes(null) ? null : parts;
}

/** How long a bar is, of a hundred; the one place where a sum becomes a number, for drawing only. */
export function share(plain, most) {
  return most === "0" ? 0 : (100 * Number(plain)) / Number(most);
}

/** Whether one plain sum is more than another. */
export function more(one, other) {
  const [a, b] = [one.split("."), other.split(".")];
  if (a[0].length !== b[0].length) return a[0].length > b[0].length;
  return a[0] !== b[0] ? a[0] > b[0] : (a[1] ?? "") > (b[1] ?? "");
}

function bare(typed) {
  return typed.normalize("NFKC").replace(/[,\s]/g, "");
}

/** A plain decimal string with its point moved by `places`, without padding. */
function shifted(plain, places) {
  const [whole, fraction = ""] = plain.split(".");
  const digits = whole + fraction;
  const point = whole.length + places;
  const padded = point < 0 ? "0".repeat(-point) + digits : digits.padEnd(point, "0");
  const left = padded.slice(0, Math.max(point, 0)).replace(/^0+(?=\d)/, "") || "0";
  const right = padded.slice(Math.max(point, 0)).replace(/0+$/, "");
  return right ? `${left}.${right}` : left;
}
