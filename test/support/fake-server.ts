import { createServer, type Server, type Socket } from 'node:net';
import type { ServerAddress } from '../../src/fastdfs/client/server-address.ts';
import { HEADER_SIZE } from '../../src/fastdfs/protocol/constants.ts';
import {
  decodeHeader,
  encodeResponseHeader,
  type Header,
} from '../../src/fastdfs/protocol/frame.ts';

/** One client's connection to a fake server, read and answered by a test's script. */
export class FakePeer {
  readonly socket: Socket;
  /** Resolves when the client has gone, whichever way. */
  readonly ended: Promise<void>;
  /** All bytes received so far, whether a script has read them or not. */
  bytesReceived = 0;
  #chunks: Buffer[] = [];
  #bytesHeld = 0;
  #wake: (() => void) | null = null;
  #isEnded = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    this.ended = new Promise((resolve) => {
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
    socket.on('data', (chunk) => {
      this.bytesReceived += chunk.length;
      this.#chunks.push(chunk);
      this.#bytesHeld += chunk.length;
      this.#wake?.();
    });
    socket.on('close', () => {
      this.#isEnded = true;
      this.#wake?.();
    });
  }

  /** The next `size` bytes; null when the client ended before. */
  async read(size: number): Promise<Buffer | null> {
    while (this.#bytesHeld < size) {
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const held = Buffer.concat(this.#chunks);
    this.#chunks = [held.subarray(size)];
    this.#bytesHeld = held.length - size;
    return held.subarray(0, size);
  }

  /** The next whole request; null when the client ended before. */
  async request(): Promise<(Header & { body: Buffer }) | null> {
    const header = await this.header();
    if (header === null) return null;
    const body = await this.read(header.bodyLength);
    return body && { ...header, body };
  }

  async header(): Promise<Header | null> {
    const bytes = await this.read(HEADER_SIZE);
    return bytes && decodeHeader(bytes);
  }

  write(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  answer(status: number, body: Buffer = Buffer.alloc(0)): void {
    this.write(Buffer.concat([encodeResponseHeader(status, body.length), body]));
  }
}

export type Script = (peer: FakePeer, connectionNumber: number) => Promise<void> | void;

/** A server on loopback whose every connection is handled by a script that a test wrote. */
export class FakeServer {
  readonly address: ServerAddress;
  readonly peers: FakePeer[] = [];
  readonly #server: Server;

  private constructor(server: Server, address: ServerAddress) {
    this.#server = server;
    this.address = address;
  }

  static async start(script: Script, port = 0, host = '127.0.0.1'): Promise<FakeServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no TCP port');
    const fake = new FakeServer(server, { host, port: bound.port });
    server.on('connection', (socket) => {
      const peer = new FakePeer(socket);
      fake.peers.push(peer);
      // A script that throws ends its connection, so a test fails instead of hanging.
      Promise.resolve(script(peer, fake.peers.length)).catch((error: unknown) => {
        socket.destroy(error instanceof Error ? error : undefined);
      });
    });
    return fake;
  }

  /** Answers requests with `reply` for as long as the client goes on. */
  static startReplying(
    reply: (peer: FakePeer, request: Header & { body: Buffer }) => Promise<void> | void,
  ): Promise<FakeServer> {
    return FakeServer.start(async (peer) => {
      for (let request = await peer.request(); request; request = await peer.request()) {
        await reply(peer, request);
      }
    });
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** A loopback port on which nobody listens. */
export async function closedPort(): Promise<ServerAddress> {
  const server = await FakeServer.start(() => {});
  await server.stop();
  return server.address;
}

/** Whether this machine has IPv6 on loopback; containers often have not. */
export async function hasIpv6(): Promise<boolean> {
  try {
    const server = await FakeServer.start(() => {}, 0, '::1');
    await server.stop();
    return true;
  } catch {
    return false;
  }
}
