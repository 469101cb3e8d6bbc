import { readFileSync } from 'node:fs';

/** One captured exchange; see `test/fixtures/fastdfs/README.md`. */
export interface WireVector {
  readonly name: string;
  readonly server: 'tracker' | 'storage';
  readonly command: { readonly code: number; readonly name: string };
  readonly request: WireFrame;
  readonly response: (WireFrame & { readonly status: number; readonly bodyLength: number }) | null;
  readonly connectionAfter: 'open' | 'closed' | 'undefined';
}

interface WireFrame {
  /** Bytes with the header, also where `hex` is cut. */
  readonly length: number;
  readonly hex: string;
  readonly truncated?: boolean;
  readonly fields?: Readonly<Record<string, unknown>> | null;
}

/** A vector and where it was captured: a FastDFS version, or a variant of 6.16. */
export interface CapturedVector extends WireVector {
  readonly origin: string;
}

export function readFixture<T>(name: string): T {
  const url = new URL(`../fixtures/fastdfs/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

/** Every captured exchange of all fixture files. */
export function allVectors(): CapturedVector[] {
  const plain = ['tracker', 'tracker-errors', 'storage', 'storage-errors', 'records'];
  return [
    ...plain.flatMap((file) =>
      readFixture<{ vectors: WireVector[] }>(file).vectors.map((v) => ({ ...v, origin: file })),
    ),
    ...readFixture<{ variants: { variant: string; vectors: WireVector[] }[] }>(
      'variants',
    ).variants.flatMap(({ variant, vectors }) => vectors.map((v) => ({ ...v, origin: variant }))),
    ...readFixture<{ versions: { fastdfsVersion: string; vectors: WireVector[] }[] }>(
      'older-versions',
    ).versions.flatMap(({ fastdfsVersion, vectors }) =>
      vectors.map((v) => ({ ...v, origin: fastdfsVersion })),
    ),
  ];
}
