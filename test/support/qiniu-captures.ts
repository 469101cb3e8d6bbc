import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { patternBytes } from './qiniu-uploads.ts';

interface RecordedPart {
  readonly rawHeaders: string;
  readonly length: number;
  readonly text?: string;
}

/** What one of Qiniu's SDKs sent. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: {
    readonly encoding: 'none' | 'text' | 'binary' | 'multipart';
    readonly length: number;
    readonly sha1?: string;
    readonly text?: string;
    readonly parts?: readonly RecordedPart[];
  };
  /** What the SDK was answered when it was recorded; values of it come again in later requests. */
  readonly response?: {
    readonly status: number;
    readonly json?: Readonly<Record<string, unknown>>;
  };
}

export function readCapture(name: string): readonly RecordedRequest[] {
  const path = new URL(`../fixtures/qiniu/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).requests;
}

export const nineMiB = patternBytes(9 * 1024 ** 2);
const mib = 1024 ** 2;
const slices = [
  nineMiB.subarray(0, 4 * mib),
  nineMiB.subarray(4 * mib, 8 * mib),
  nineMiB.subarray(8 * mib),
  nineMiB.subarray(4 * mib, 5 * mib),
];
const bySha1 = new Map(
  slices.map((slice) => [createHash('sha1').update(slice).digest('hex'), slice] as const),
);

/** The body's bytes; `replace` puts values of now in the place of recorded ones. */
export function bodyOf(request: RecordedRequest, replace: (text: string) => string): Buffer {
  const { encoding, text = '', sha1 = '', parts = [] } = request.body;
  switch (encoding) {
    case 'none':
      return Buffer.alloc(0);
    case 'text':
      return Buffer.from(replace(text));
    case 'binary': {
      const slice = bySha1.get(sha1);
      if (!slice) throw new Error(`${request.url} has a body that is no slice of the pattern`);
      return slice;
    }
    case 'multipart':
      return multipartOf(request, parts, replace);
  }
}

function multipartOf(
  { headers }: RecordedRequest,
  parts: readonly RecordedPart[],
  replace: (text: string) => string,
): Buffer {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? '';
  const pieces = parts.flatMap(({ rawHeaders, text, length }) => [
    Buffer.from(`--${boundary}\r\n${rawHeaders}\r\n\r\n`),
    text === undefined ? patternBytes(length) : Buffer.from(replace(text)),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}
