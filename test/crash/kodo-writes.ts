import { RunningQetag } from '../../src/core/qetag.ts';
import {
  contentOf,
  type PartContent,
  type SentContent,
  storedValueOf,
  valueOfParts,
} from './content.ts';
import type { Write } from './key-history.ts';
import { encodeEntry, encodeUrlSafe } from './kodo-connection.ts';
import type { Requests } from './requests.ts';
import type { Answer } from './s3-connection.ts';
import { Violation } from './violation.ts';

const BOUNDARY = 'crash-form-boundary';

/** A form with its file first and its token last. */
export async function putByForm(requests: Requests, key: string, sent: SentContent): Promise<void> {
  const { tag, sizeBytes } = sent;
  const body = contentOf(tag, sizeBytes);
  const effect = { kind: 'put', value: storedValueOf(tag, body) } as const;
  const write = requests.state.begin(key, `Kodo form of ${tag}`, effect, sent);
  const answer = await requests.sendKodoWrite([write], (kodo) =>
    kodo.sendForm(BOUNDARY, formOf(body, { key, token: kodo.tokenFor(key), 'x-qn-meta-tag': tag })),
  );
  if (requests.settle(write, answer)) checkHash(answer, write, body);
}

/** One block in one piece, and the file made of it. */
export async function putByBlocks(
  requests: Requests,
  key: string,
  sent: SentContent,
): Promise<void> {
  const { tag, sizeBytes } = sent;
  const body = contentOf(tag, sizeBytes);
  const whole = storedValueOf(tag, body);
  const part: PartContent = {
    size: sizeBytes,
    etag: whole.md5,
    addTo: (hash) => void hash.update(body),
  };
  const value = sizeBytes === 0 ? whole : valueOfParts(tag, [part]);
  const effect = { kind: 'put', value } as const;
  const write = requests.state.begin(key, `Kodo blocks of ${tag}`, effect, sent);
  const contexts: string[] = [];
  if (sizeBytes > 0) {
    const block = await requests.sendKodoWrite([write], (kodo) =>
      kodo.upload(`/mkblk/${sizeBytes}`, key, body),
    );
    if (block.status !== 200) {
      requests.settle(write, block);
      return;
    }
    contexts.push(JSON.parse(block.body.toString()).ctx);
  }
  const names = `/key/${encodeUrlSafe(key)}/x-qn-meta-tag/${encodeUrlSafe(tag)}`;
  const answer = await requests.sendKodoWrite([write], (kodo) =>
    kodo.upload(`/mkfile/${sizeBytes}${names}`, key, Buffer.from(contexts.join(','))),
  );
  if (requests.settle(write, answer)) checkHash(answer, write, body);
}

/** Gives an object another key, whatever was there. */
export async function moveByKodo(
  requests: Requests,
  sourceKey: string,
  key: string,
): Promise<void> {
  const { state } = requests;
  const operation = `Kodo move of ${sourceKey} to ${key}`;
  const put = state.begin(key, operation, { kind: 'copy', sourceKey });
  const removal = state.begin(sourceKey, operation, { kind: 'delete' });
  const path = `/move/${encodeEntry(sourceKey)}/${encodeEntry(key)}/force/true`;
  const answer = await requests.sendKodoWrite([put, removal], (kodo) => kodo.manage(path));
  requests.settle(put, answer, ['612']);
  requests.settle(removal, answer, ['612']);
}

function formOf(content: Buffer, fields: Readonly<Record<string, string>>): Buffer {
  const part = (disposition: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const texts = Object.entries(fields).map(
    ([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`,
  );
  const file = `${part('name="file"; filename="crash.bin"')}Content-Type: application/octet-stream\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(file),
    content,
    Buffer.from(`\r\n${texts.join('')}--${BOUNDARY}--\r\n`),
  ]);
}

/** Throws when the gateway answered with another hash than that of the content. */
function checkHash(answer: Answer, { key, operation }: Write, content: Buffer): void {
  const qetag = new RunningQetag();
  qetag.update(content);
  const expected = qetag.digest();
  const { hash } = JSON.parse(answer.body.toString());
  if (hash === expected) return;
  throw new Violation('Kodo answered with a wrong hash', { key, operation, hash, expected });
}
