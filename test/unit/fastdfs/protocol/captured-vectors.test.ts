import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../../src/fastdfs/protocol/errors.ts';
import {
  decodeHeader,
  decodeResponseHeader,
  encodeRequestMessage,
  encodeResponseMessage,
  Framer,
} from '../../../../src/fastdfs/protocol/frame.ts';
import {
  RESPONSE_LAYOUTS,
  type ResponseLayout,
} from '../../../../src/fastdfs/protocol/response-layout.ts';
import { commandOf } from '../../../support/fastdfs-commands.ts';
import { requestFields, responseFields } from '../../../support/vector-fields.ts';
import { allVectors, type CapturedVector } from '../../../support/wire-vectors.ts';

const HEADER_SIZE = 10;

/** Layout of the servers that each group of vectors was captured from; 6.16 where none is given. */
const LAYOUTS: Readonly<Record<string, ResponseLayout>> = {
  ipv6: RESPONSE_LAYOUTS['6.16-ipv6'],
  '5.11': RESPONSE_LAYOUTS['5.04'],
  '6.06': RESPONSE_LAYOUTS['5.04'],
  '6.11.0': RESPONSE_LAYOUTS['6.11'],
  '6.12.1': RESPONSE_LAYOUTS['6.12'],
  '6.13.0': RESPONSE_LAYOUTS['6.13.0'],
  '6.13.2': RESPONSE_LAYOUTS['6.13.1'],
  '6.15.5': RESPONSE_LAYOUTS['6.15'],
};

/** Commands that only servers send to each other, and codes that no command has. */
const NOT_OURS = new Set([83, 200]);

/** Their answers are built in uninitialised buffers, in 6.16 too. */
const STAT_COMMANDS = new Set([96, 97, 98]);

const vectors = allVectors();
const ours = vectors.filter((vector) => !NOT_OURS.has(vector.command.code));
const titled = (list: CapturedVector[]) =>
  list.map((vector) => [`${vector.origin} ${vector.name}`, vector] as const);

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function decodeRequest({ command: { code }, request }: CapturedVector) {
  const message = bytesOf(request.hex);
  const header = decodeHeader(message);
  const body = message.subarray(HEADER_SIZE);
  const command = commandOf(code);
  if (command?.decodeRequestHead) {
    const head = command.decodeRequestHead(body, header.bodyLength);
    if (!head) throw new Error('the captured bytes end inside the head');
    return { request: head.request, content: body.subarray(head.headSize) };
  }
  if (!command?.decodeRequest) throw new Error(`no command ${code}`);
  return { request: command.decodeRequest(body, header.status), content: Buffer.alloc(0) };
}

it('covers every vector with a command, or says why not', () => {
  const unknown = ours.filter(({ command }) => commandOf(command.code)?.name !== command.name);
  expect(unknown.map(({ name, command }) => [name, command])).toEqual([]);
  expect(vectors).toHaveLength(364);
});

describe('requests', () => {
  // What a server answers with 22 may be refused by the codec: both mean the same to the client.
  const accepted = ours.filter(
    ({ request, response }) =>
      bytesOf(request.hex).readBigInt64BE() >= 0 && response?.status !== 22,
  );

  it.each(titled(accepted))('%s: decodes to its fields', (_, vector) => {
    const { request, content } = decodeRequest(vector);
    const expected = vector.request.fields ?? {};
    const actual = requestFields(vector.command.code, request, content);
    for (const [name, value] of Object.entries(expected)) {
      // A length that the vector spells out is checked by the decoder and not kept.
      if (!/Length$|^contentOffset$/.test(name)) expect(actual).toHaveProperty(name, value);
    }
  });

  it.each(titled(accepted))('%s: encodes to the same bytes, or is refused', (_, vector) => {
    const { request, content } = decodeRequest(vector);
    const command = commandOf(vector.command.code);
    if (!command) throw new Error('no command');
    const encode = () => encodeRequestMessage(command, request as never);
    // Names that no server gives are never sent, whatever a server would answer.
    if (/dotdot|short-name$/.test(vector.name)) {
      expect(encode).toThrow(ProtocolError);
    } else {
      expect(Buffer.concat([encode(), content]).toString('hex')).toBe(vector.request.hex);
    }
  });

  // A server knows its group, its files and their kinds; those refusals are not the codec's.
  const contextual =
    /wrong-group|normal-file|offset|eof|empty-file|too-many-bytes|bad-index|path-index|prefix-char|subdir|extra-slash|without-port/;
  const malformed = ours.filter(
    ({ name, response, server, command }) =>
      response?.status === 22 &&
      !contextual.test(name) &&
      // Sent to the wrong kind of server, or to a version that does not know the command.
      !(server === 'storage' && command.code === 91) &&
      command.code !== 95 &&
      name !== 'v5.11-regenerate-appender-filename',
  );

  it.each(titled(malformed))('%s: is refused as the server refused it', (_, vector) => {
    expect(() => decodeRequest(vector)).toThrow(ProtocolError);
  });

  it('has malformed requests to try', () => {
    expect(malformed.length).toBeGreaterThan(20);
  });

  it.each(titled(ours.filter(({ name }) => name === 'negative-body-length')))(
    '%s: has a header that is refused',
    (_, { request }) => {
      expect(() => decodeHeader(bytesOf(request.hex))).toThrow(ProtocolError);
    },
  );
});

describe('responses', () => {
  const answered = ours.filter(({ response }) => response !== null);
  const successful = answered.filter(
    ({ response, command }) => response?.status === 0 && commandOf(command.code)?.decodeResponse,
  );

  it.each(titled(answered))('%s: has a header with its status', (_, { response, name }) => {
    if (!response) throw new Error('no response');
    const header = decodeResponseHeader(bytesOf(response.hex));
    expect(header).toEqual({
      code: 100,
      status: response.status,
      bodyLength: response.bodyLength,
    });
    if (header.status !== 0 && name !== 'download-raced-by-delete') {
      expect(header.bodyLength).toBe(0);
    }
  });

  it.each(titled(successful))('%s: decodes to its fields', (_, vector) => {
    const body = bytesOf(vector.response?.hex ?? '').subarray(HEADER_SIZE);
    const decoded = commandOf(vector.command.code)?.decodeResponse?.(body);
    const actual = responseFields(vector.command.code, decoded);
    if (actual !== null) expect(actual).toEqual(expectedFields(vector));
  });

  it.each(titled(successful))('%s: encodes to the same bytes', (_, vector) => {
    const hex = vector.response?.hex ?? '';
    const command = commandOf(vector.command.code);
    if (!command?.decodeResponse || !command.encodeResponse) throw new Error('no command');
    const decoded = command.decodeResponse(bytesOf(hex).subarray(HEADER_SIZE));
    const layout = LAYOUTS[vector.origin] ?? RESPONSE_LAYOUTS['6.16'];
    const encoded = encodeResponseMessage(
      { encodeResponse: command.encodeResponse },
      decoded as never,
      layout,
    );
    if (isEcho(vector)) {
      expect(encoded.toString('hex')).toBe('00000000000000006400');
    } else if (vector.origin === '5.11' || STAT_COMMANDS.has(vector.command.code)) {
      // Garbage may stand behind the NUL of a text; we send zeros there.
      const captured = bytesOf(hex);
      expect(encoded).toHaveLength(captured.length);
      const differing = [...encoded].filter((byte, i) => byte !== captured[i]);
      expect(differing.filter((byte) => byte !== 0)).toEqual([]);
      expect(command.decodeResponse(encoded.subarray(HEADER_SIZE))).toEqual(decoded);
    } else {
      expect(encoded.toString('hex')).toBe(hex);
    }
  });
});

/** APPEND, MODIFY and TRUNCATE without anything to do send the request back. */
function isEcho({ command, response }: CapturedVector): boolean {
  return [24, 34, 36].includes(command.code) && response !== null && response.bodyLength > 0;
}

function expectedFields({ response }: CapturedVector) {
  // What is worked out from other fields, or tells of the layout.
  const { fileId, recordLength, sharedPort, statusName, count, ...fields } = {
    ...response?.fields,
  };
  if (!Array.isArray(fields.storages)) return fields;
  return { ...fields, storages: fields.storages.map(expectedStorage) };
}

/** Vectors of 6.16 keep the counters apart and flags as booleans; older ones do neither. */
function expectedStorage(storage: Record<string, unknown>) {
  const { statusName, stat, isTrunkServer, ...fields } = storage;
  if (isTrunkServer === undefined) return fields;
  return { ...fields, ...(stat as object | undefined), isTrunkServer: Number(isTrunkServer) };
}

describe('framer', () => {
  const frames = vectors.flatMap(({ request, response }) =>
    [request, response].filter((frame) => frame !== null),
  );
  const unique = new Map(frames.map((frame) => [`${frame.length} ${frame.hex}`, frame]));

  it('cuts every captured frame at every offset into the same header and body', () => {
    for (const { hex, length } of unique.values()) {
      const bytes = bytesOf(hex);
      const announced = bytes.readBigInt64BE();
      if (announced !== BigInt(length - HEADER_SIZE)) continue;
      const expected = { header: decodeHeader(bytes), body: bytes.subarray(HEADER_SIZE) };
      for (let cut = 0; cut <= bytes.length; cut++) {
        const actual = readInTwo(bytes, cut);
        // `equals`, not `toEqual`: half a million comparisons.
        if (!actual.body.equals(expected.body)) throw new Error(`cut at ${cut}: ${hex}`);
        if (JSON.stringify(actual.header) !== JSON.stringify(expected.header)) {
          throw new Error(`cut at ${cut}: ${hex}`);
        }
      }
    }
    expect(unique.size).toBeGreaterThan(300);
  });
});

function readInTwo(bytes: Buffer, cut: number) {
  const framer = new Framer();
  let header: ReturnType<Framer['readHeader']> = null;
  const pieces: Buffer[] = [];
  for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    framer.push(chunk);
    header ??= framer.readHeader();
    if (!header) continue;
    for (let piece = framer.readContent(); piece; piece = framer.readContent()) pieces.push(piece);
  }
  return { header, body: Buffer.concat(pieces) };
}
