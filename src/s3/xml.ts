import { SaxesParser } from 'saxes';
import { GatewayError } from '../core/errors.ts';
import { inSlices } from '../support/slices.ts';

/**
 * Content of an element: text, children in property order, or a list that repeats the element. A
 * child called `@` is the element's attributes, written out.
 */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | XmlSequence
  | readonly XmlContent[]
  | { readonly [element: string]: XmlContent };

/** Elements of several names in one order; what the sequence itself is called goes nowhere. */
export class XmlSequence {
  readonly elements: readonly (readonly [name: string, content: XmlContent])[];

  constructor(elements: XmlSequence['elements']) {
    this.elements = elements;
  }
}

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
  if (content instanceof XmlSequence) {
    let rendered = '';
    for (const [elementName, item] of content.elements)
      rendered += renderElement(elementName, item);
    return rendered;
  }
  const children = content as { readonly [element: string]: XmlContent };
  const attributes = children['@'] === undefined ? '' : ` ${children['@']}`;
  return `<${name}${attributes}>${renderChildren(children)}</${name}>`;
}

function renderChildren(children: { readonly [element: string]: XmlContent }): string {
  let rendered = '';
  for (const name in children) {
    if (name !== '@') rendered += renderElement(name, children[name]);
  }
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

const depthMax = 16;
/** The largest document is a CompleteMultipartUpload of 10,000 parts of four elements each. */
const elementCountMax = 100_000;

/**
 * References to control characters, which keys may have, are well-formed in XML 1.1 only; there,
 * these characters have to be references as well, or they are refused or read as line feeds.
 */
const version = { forceXMLVersion: true, defaultXMLVersion: '1.1' } as const;
const newInXml11 = /[\u007f-\u009f\u2028]/g;

/** Builds the tree while the document is read; recursion would be the client's to steer. */
class TreeBuilder {
  readonly #open: { readonly name: string; text: string; readonly children: XmlElement[] }[] = [];
  #elementCount = 0;
  root: XmlElement | null = null;

  startElement(qualifiedName: string): void {
    this.#elementCount += 1;
    if (this.#elementCount > elementCountMax) throw malformed('There are too many elements.');
    if (this.#open.length >= depthMax) throw malformed('Elements are nested too deep.');
    const name = qualifiedName.slice(qualifiedName.indexOf(':') + 1);
    this.#open.push({ name, text: '', children: [] });
  }

  addText(text: string): void {
    const element = this.#open.at(-1);
    if (element) element.text += text;
  }

  endElement(): void {
    const ended = this.#open.pop();
    if (!ended) return;
    const element = new XmlElement(ended.name, ended.text, ended.children);
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else this.root = element;
  }
}

/** Reads one document, which may come in pieces. Throws `MalformedXML`. */
class DocumentReader {
  readonly #builder = new TreeBuilder();
  readonly #parser = new SaxesParser({ ...version, position: false });

  constructor() {
    const builder = this.#builder;
    this.#parser.on('error', (error) => {
      throw malformed(error.message);
    });
    this.#parser.on('doctype', () => {
      throw malformed('Document type declarations are refused.');
    });
    this.#parser.on('opentagstart', ({ name }) => builder.startElement(name));
    this.#parser.on('text', (text) => builder.addText(text));
    this.#parser.on('cdata', (text) => builder.addText(text));
    this.#parser.on('closetag', () => builder.endElement());
  }

  write(piece: string): void {
    this.#parser.write(piece.replace(newInXml11, (character) => `&#${character.charCodeAt(0)};`));
  }

  end(rootName: string): XmlElement {
    this.#parser.close();
    const { root } = this.#builder;
    if (root?.name !== rootName) throw malformed(`The root element is not ${rootName}.`);
    return root;
  }
}

/**
 * The root element of an S3 request body, which must be called `rootName`. Throws `MalformedXML`
 * for all that is not well-formed, declares or uses entities, is nested more than 16 deep or has
 * more than 100,000 elements. The caller bounds the size (`S3Request.text`).
 */
export function parseXml(document: string, rootName: string): XmlElement {
  const reader = new DocumentReader();
  reader.write(document);
  return reader.end(rootName);
}

/** So many characters take a few milliseconds. */
const sliceLengthMax = 48 * 1024;

/** The same for documents that may be long: others are served while they are read. */
export async function parseLongXml(
  document: string,
  rootName: string,
  sliceLength: number = sliceLengthMax,
): Promise<XmlElement> {
  const reader = new DocumentReader();
  for await (const slice of inSlices(document, sliceLength)) reader.write(slice);
  return reader.end(rootName);
}
