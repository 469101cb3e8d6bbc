import { isJson } from '../../support/json.ts';
/** What a variable stands for; null where nothing is known of it. */
export type TemplateValue = string | number | Readonly<Record<string, unknown>> | null;

/** The value of `$(name)`; null for what does not exist. */
export type FindValue = (name: string) => TemplateValue;

/** `$(name)`, and `${name}` in the same sense. */
const variable = /\$\(([^()]*)\)|\$\{([^{}]*)\}/g;

/** Names of the variables of a template, as often as they come. */
export function variablesOf(template: string): readonly string[] {
  return [...template.matchAll(variable)].map((match) => match[1] ?? match[2] ?? '');
}

/** Values as they are, in a key or a text. */
export function renderText(template: string, find: FindValue): string {
  return render(template, find, textOf);
}

/** Values percent-encoded, for `application/x-www-form-urlencoded`. */
export function renderForm(template: string, find: FindValue): string {
  return render(template, find, (value) => encodeFormValue(textOf(value)));
}

/**
 * Values as JSON: whole values where the template has a place for one, escaped characters inside of
 * its strings, since applications write `{"key":$(key)}` as well as `{"key":"$(key)"}`. A template
 * that is no JSON is a text.
 */
export function renderJson(template: string, find: FindValue): string {
  const cursor = new JsonCursor();
  const rendered = render(
    template,
    find,
    (value) => (cursor.isInString ? escapedText(value) : JSON.stringify(value)),
    (literal) => cursor.pass(literal),
  );
  return isJson(rendered) ? rendered : renderText(template, find);
}

function render(
  template: string,
  find: FindValue,
  write: (value: TemplateValue) => string,
  onLiteral: (literal: string) => void = () => {},
): string {
  let rendered = '';
  let end = 0;
  for (const match of template.matchAll(variable)) {
    const literal = template.slice(end, match.index);
    onLiteral(literal);
    rendered += literal + write(find(match[1] ?? match[2] ?? ''));
    end = match.index + match[0].length;
  }
  return rendered + template.slice(end);
}

/** Knows whether the text that has passed ends inside of a JSON string. */
class JsonCursor {
  isInString = false;
  #isEscaped = false;

  pass(text: string): void {
    for (const character of text) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.isInString && character === '\\') this.#isEscaped = true;
      else if (character === '"') this.isInString = !this.isInString;
    }
  }
}

function escapedText(value: TemplateValue): string {
  return JSON.stringify(textOf(value)).slice(1, -1);
}

function textOf(value: TemplateValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Also escapes what `encodeURIComponent` leaves, as Go's and Java's encoders do. */
function encodeFormValue(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
