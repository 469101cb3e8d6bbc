/** Strings, and what opens and closes things; all else of JSON is of no interest here. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

/**
 * The first name that stands twice in one object, null when none does. `json` has been parsed, so
 * that it is known to be well-formed.
 */
export function findDuplicateKey(json: string): string | null {
  // Names seen in each object that is open; null for arrays.
  const open: (Set<string> | null)[] = [];
  let previous = '';
  for (const { 0: found } of json.matchAll(token)) {
    const names = open.at(-1);
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(null);
    else if (found === '}' || found === ']') open.pop();
    else if (found === ':' && names) {
      const name = String(JSON.parse(previous));
      if (names.has(name)) return name;
      names.add(name);
    }
    previous = found;
  }
  return null;
}
