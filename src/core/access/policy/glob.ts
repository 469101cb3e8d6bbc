/** Pieces of a pattern: UTF-16 code units, or one of these. */
const anyCharacter = -1;
export const anyText = -2;

/** `*` is any text and `?` any one character. */
export function parseGlob(pattern: string): readonly number[] {
  const pieces: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const code = pattern.charCodeAt(at);
    if (code === asterisk) {
      if (pieces.at(-1) !== anyText) pieces.push(anyText);
    } else pieces.push(code === questionMark ? anyCharacter : code);
  }
  return pieces;
}

const asterisk = 0x2a;
const questionMark = 0x3f;

/**
 * Whether a pattern covers all of `text`. Only the last `*` that was passed is ever tried again, so
 * the worst case is the product of both lengths, whatever the pattern is.
 */
export function matchesGlob(pieces: readonly number[], text: string): boolean {
  let at = 0;
  let piece = 0;
  let lastStar = -1;
  let starEnd = 0;
  while (at < text.length) {
    const wanted = pieces[piece];
    if (wanted === anyText) {
      lastStar = piece;
      starEnd = at;
      piece += 1;
    } else if (wanted === anyCharacter) {
      at += characterLength(text, at);
      piece += 1;
    } else if (wanted === text.charCodeAt(at)) {
      at += 1;
      piece += 1;
    } else if (lastStar >= 0) {
      starEnd += characterLength(text, starEnd);
      at = starEnd;
      piece = lastStar + 1;
    } else return false;
  }
  while (pieces[piece] === anyText) piece += 1;
  return piece === pieces.length;
}

/** Characters beyond the first 65536 take two code units. */
function characterLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** A function that matches such a pattern, quick for the shapes that nearly all patterns have. */
export function compileGlob(pieces: readonly number[]): (text: string) => boolean {
  const firstWildcard = pieces.findIndex((piece) => piece < 0);
  if (firstWildcard === -1) {
    const literal = String.fromCharCode(...pieces);
    return (text) => text === literal;
  }
  if (firstWildcard === pieces.length - 1 && pieces[firstWildcard] === anyText) {
    const prefix = String.fromCharCode(...pieces.slice(0, -1));
    return (text) => text.startsWith(prefix);
  }
  // Most texts that do not fit lack it, which is found out far more quickly.
  const run = longestRun(pieces);
  return (text) => text.includes(run) && matchesGlob(pieces, text);
}

/** The longest text without wildcards that all that fits must have. */
function longestRun(pieces: readonly number[]): string {
  let longest = '';
  let start = 0;
  for (let at = 0; at <= pieces.length; at += 1) {
    if ((pieces[at] ?? anyText) >= 0) continue;
    if (at - start > longest.length) longest = String.fromCharCode(...pieces.slice(start, at));
    start = at + 1;
  }
  return longest;
}

/** Whether any text at all fits both. */
export function globsOverlap(one: readonly number[], other: readonly number[]): boolean {
  // `reached` holds the positions in `other` that the pieces of `one` so far can lead to.
  let reached = closure(other, new Set([0]));
  for (const piece of one) {
    const next = new Set<number>();
    if (piece === anyText) {
      const first = Math.min(...reached);
      for (let at = first; at <= other.length; at += 1) next.add(at);
    } else {
      for (const at of reached) {
        const wanted = other[at];
        if (wanted === undefined) continue;
        if (wanted === anyText) next.add(at);
        else if (wanted === piece || wanted === anyCharacter || piece === anyCharacter) {
          next.add(at + 1);
        }
      }
    }
    reached = closure(other, next);
    if (reached.size === 0) return false;
  }
  return reached.has(other.length);
}

/** A `*` may stand for nothing. */
function closure(pieces: readonly number[], positions: Set<number>): Set<number> {
  for (const at of positions) if (pieces[at] === anyText) positions.add(at + 1);
  return positions;
}
