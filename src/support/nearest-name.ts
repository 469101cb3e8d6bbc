/** The candidate closest to `name` in single-character edits, for "did you mean …"; null if none. */
export function nearestName(
  name: string,
  candidates: Iterable<string>,
  editsMax: number,
): string | null {
  let nearest: string | null = null;
  let edits = editsMax + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < edits) [nearest, edits] = [candidate, distance];
  }
  return nearest;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
