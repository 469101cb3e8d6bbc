import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { GatewayError } from '../core/errors.ts';

/** Content of an element: text, children in property order, or a list that repeats the element. */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlContent[]
  | { readonly [element: string]: XmlContent };

const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/**
 * Everything but tab, line feed and printable characters. AWS answers control characters of keys
 * as character references, although XML 1.0 has none for them; SDKs read them back.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what has to be escaped
const unsafeCharacters = /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/;
const unsafeCharactersAll = new RegExp(unsafeCharacters, 'g');
const namedReferences: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escapeText(text: string): string {
  if (!unsafeCharacters.test(text)) return text;
  return text.replace(
    unsafeCharactersAll,
    (character) =>
      namedReferences[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}

function renderElement(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return `<${name}>${escapeText(content)}</${name}>`;
  if (typeof content !== 'object') return `<${name}>${content}</${name}>`;
  if (Array.isArray(content)) {
    let rendered = '';
    for (const item of content) rendered += renderElement(name, item);
    return rendered;
  }
  return `<${name}>${renderChildren(content as { readonly [element: string]: XmlContent })}</${name}>`;
}

function renderChildren(children: { readonly [element: string]: XmlContent }): string {
  let rendered = '';
  for (const name in children) rendered += renderElement(name, children[name]);
  return rendered;
}

/**
 * A document with its declaration: the root's children, or its text. Undefined content leaves its
 * element out; element names are ours and not escaped. `xmlns` is S3's unless told otherwise.
 */
export function renderXml(
  rootName: string,
  content: string | { readonly [element: string]: XmlContent },
  options: { readonly xmlns?: string | null } = {},
): string {
  const xmlns = options.xmlns === undefined ? s3Namespace : options.xmlns;
  const attribute = xmlns === null ? '' : ` xmlns="${xmlns}"`;
  const inner = typeof content === 'string' ? escapeText(content) : renderChildren(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${rootName}${attribute}>${inner}</${rootName}>`;
}

/** A parsed element. Namespaces and attributes are dropped. */
export class XmlElement {
  readonly name: string;
  /** All text directly inside, references decoded, white space kept. */
  readonly text: string;
  readonly children: readonly XmlElement[];

  constructor(name: string, text: string, children: readonly XmlElement[]) {
    this.name = name;
    this.text = text;
    this.children = children;
  }

  /** The child of that name or null. Throws `MalformedXML` when there are several. */
  find(name: string): XmlElement | null {
    const found = this.list(name);
    if (found.length > 1) throw malformed(`${this.name} has more than one ${name}.`);
    return found[0] ?? null;
  }

  /** All children of that name, in order. */
  list(name: string): readonly XmlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  /** Text of the child of that name, null when there is none. */
  textOf(name: string): string | null {
    return this.find(name)?.text ?? null;
  }
}

function malformed(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('MalformedXML', {}, { cause: cause ?? new Error(reason) });
}

const predefinedEntities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** A character reference's character. NUL, surrogates and what lies beyond Unicode are refused. */
function characterOf(codePoint: number): string {
  const exists = codePoint > 0 && codePoint <= 0x10ffff && !(codePoint >> 11 === 0x1b);
  if (!exists) throw malformed('A character reference names no character.');
  return String.fromCodePoint(codePoint);
}

/** Decodes the five predefined entities and character references; refuses every other `&`. */
function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6});|#([0-9]{1,7});|(amp|lt|gt|quot|apos);)?/g,
    (_match, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return characterOf(Number.parseInt(hex, 16));
      if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10));
      const character = name === undefined ? undefined : predefinedEntities[name];
      if (character === undefined) throw malformed('An entity is not one of the predefined five.');
      return character;
    },
  );
}

const depthMax = 16;
/** The largest document is a CompleteMultipartUpload of 10,000 parts of four elements each. */
const elementCountMax = 100_000;
const markupRefused = /<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: depthMax,
  jPath: false,
  // A child may be called like a property of Object: trees are arrays, never keyed by its name.
  onDangerousProperty: (name) => name,
  entityDecoder: {
    setExternalEntities: () => {},
    addInputEntities: () => {},
    reset: () => {},
    setXmlVersion: () => {},
    decode: decodeReferences,
  },
});

/** fast-xml-parser's ordered form: one object per node, with the element's name as its key. */
type OrderedNode = Readonly<Record<string, readonly OrderedNode[] | string>>;

function toElement(name: string, nodes: readonly OrderedNode[], depth: number): XmlElement {
  if (depth > depthMax) throw malformed('Elements are nested too deep.');
  let text = '';
  const children: XmlElement[] = [];
  for (const node of nodes) {
    for (const [childName, content] of Object.entries(node)) {
      if (typeof content === 'string') text += content;
      else children.push(toElement(childName, content, depth + 1));
    }
  }
  return new XmlElement(name, text, children);
}

/**
 * The root element of an S3 request body, which must be called `rootName`. Throws `MalformedXML`
 * for all that is not well-formed, declares or uses entities, is nested more than 16 deep or has
 * more than 100,000 elements. The caller bounds the size (`S3Request.text`).
 */
export function parseXml(document: string, rootName: string): XmlElement {
  if (markupRefused.test(document)) throw malformed('Document type declarations are refused.');
  // The parser drops text that follows a self-closing root.
  if (!/>\s*$/.test(document)) throw malformed('The document does not end with its root element.');
  const tagCount = document.split('<', elementCountMax * 2 + 2).length - 1;
  if (tagCount > elementCountMax * 2) throw malformed('The document has too many elements.');
  const validity = XMLValidator.validate(document);
  if (validity !== true) throw malformed(validity.err.msg);
  let nodes: readonly OrderedNode[];
  try {
    nodes = parser.parse(document) as readonly OrderedNode[];
  } catch (error) {
    throw error instanceof GatewayError ? error : malformed('', error);
  }
  const document_ = toElement('', nodes, 0);
  const [root, ...others] = document_.children;
  if (root?.name !== rootName || others.length > 0 || document_.text.trim() !== '') {
    throw malformed(`The document is not one ${rootName} element.`);
  }
  return root;
}
