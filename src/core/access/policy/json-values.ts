export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One text or a list of them; null for anything else, an empty list too. */
export function stringsOf(value: unknown): readonly string[] | null {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isList = values.length > 0 && values.every((one) => typeof one === 'string');
  return isList ? values : null;
}

/** As `stringsOf`, where `true` and `5` stand for the texts that look like them. */
export function textsOf(value: unknown): readonly string[] | null {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isScalar = (one: unknown) =>
    typeof one === 'string' || typeof one === 'boolean' || typeof one === 'number';
  return values.length > 0 && values.every(isScalar) ? values.map(String) : null;
}
