import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BodyStream } from '../../../src/http/body-stream.ts';
import { PlainDecoder } from '../../../src/http/content-decoder.ts';

/** A body whose bytes the test sends. */
function open(size: number, idleTimeoutMs = 60_000) {
  const client = new PassThrough({ highWaterMark: 16 * 1024 });
  client.on('error', () => {});
  let opened = 0;
  const stream = new BodyStream(client as unknown as IncomingMessage, new PlainDecoder(size), {
    pace: { idleTimeoutMs, bytesPerSecondMin: 0 },
    onOpen: () => {
      opened += 1;
    },
  });
  return { client, stream, openedCount: () => opened };
}

async function read(stream: BodyStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe('BodyStream', () => {
  it('asks for the body only when it is read, and once', async () => {
    const { client, stream, openedCount } = open(5);
    expect(openedCount()).toBe(0);
    const content = read(stream);
    client.end('hello');
    expect((await content).toString()).toBe('hello');
    expect(openedCount()).toBe(1);
    expect(stream.bytesReceived).toBe(5);
  });

  it.each([
    ['shorter', 'hell'],
    ['longer', 'hello!'],
  ])('fails when the body is %s than declared', async (_what, body) => {
    const { client, stream } = open(5);
    const content = read(stream);
    client.end(body);
    await expect(content).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it('fails when the client is gone, before it is read and meanwhile', async () => {
    const gone = open(5);
    gone.client.destroy();
    await expect(read(gone.stream)).rejects.toMatchObject({ code: 'IncompleteBody' });
    const going = open(5);
    const content = read(going.stream);
    going.client.write('he');
    going.client.destroy(new Error('ECONNRESET'));
    await expect(content).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it('fails when the client stalls', async () => {
    const { client, stream } = open(5, 10);
    const content = read(stream);
    client.write('he');
    await expect(content).rejects.toMatchObject({ code: 'RequestTimeout' });
  });

  it('does not blame the client while nobody reads', async () => {
    const { client, stream } = open(2 * 1024 * 1024, 20);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 2 * 1024 * 1024; sent += 65_536) {
        if (!client.write(Buffer.alloc(65_536))) {
          await new Promise((resolve) => client.once('drain', resolve));
        }
      }
      client.end();
    })();
    stream.read(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Backpressure: the buffers are full, and the rest is still with the client.
    expect(stream.readableLength).toBeLessThan(512 * 1024);
    expect(sent).toBeLessThan(1024 * 1024);
    expect((await read(stream)).length).toBe(2 * 1024 * 1024);
    await sending;
  });

  it('joins the pieces of a client that sends byte by byte', async () => {
    const { client, stream } = open(40_000);
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, index) => index % 251));
    for (const byte of bytes) {
      if (!client.write(Buffer.of(byte))) await new Promise((done) => client.once('drain', done));
    }
    client.end();
    await new Promise((resolve) => stream.once('end', resolve));
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(pieces.length).toBeLessThan(5);
  });

  it('leaves the request usable after an error, for the answer', async () => {
    const { client, stream } = open(5);
    const content = read(stream);
    client.write('hello!');
    await expect(content).rejects.toMatchObject({ code: 'IncompleteBody' });
    expect(client.destroyed).toBe(false);
    expect(client.listenerCount('data')).toBe(0);
  });
});
