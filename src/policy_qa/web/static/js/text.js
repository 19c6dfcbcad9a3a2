/** Cutting verbatim text for the eye; offsets are code points, as everywhere in the product. */

/**
 * `text` cut at `spans`, each a half-open [start, end): `[{text, marked}]`, in order and without loss.
 * Spans may touch or overlap.
 */
export function marked(text, spans) {
  const characters = Array.from(text);
  const under = (at) => spans.some(([start, end]) => start <= at && at < end);
  const edges = new Set([0, characters.length, ...spans.flat()]);
  const cuts = [...edges].filter((at) => at >= 0 && at <= characters.length).sort((a, b) => a - b);
  return cuts.slice(1).map((end, position) => ({
    text: characters.slice(cuts[position], end).join(""),
    marked: under(cuts[position]),
  }));
}

/** The passages of a clause, one a responsible department, each as pieces cut at the spans that fall into it. */
export function passages(clause, spans) {
  const characters = Array.from(clause.text);
  return clause.segments.map(({ start, end }) =>
    marked(
      characters.slice(start, end).join(""),
      spans
        .filter(([from, to]) => from < end && to > start)
        .map(([from, to]) => [Math.max(from, start) - start, Math.min(to, end) - start]),
    ),
  );
}

/** A sentence cut at its 〔marks〕: `[{text}]` and `[{label}]` in order. */
export function cited(sentence) {
  return sentence
    .split(/(〔[^〔〕]+〕)/)
    .filter(Boolean)
    .map((piece) => (piece.startsWith("〔") ? { label: piece.slice(1, -1) } : { text: piece }));
}

/** Where `quote` stands in `text` in code points, null where it does not. */
export function span(text, quote) {
  const at = quote ? text.indexOf(quote) : -1;
  if (at < 0) return null;
  const start = Array.from(text.slice(0, at)).length;
  return [start, start + Array.from(quote).length];
}
