import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TcpProxy } from '../../support/tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
/** The server's sides of all connections, oldest first. */
let accepted: Socket[];

beforeEach(async () => {
  accepted = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.start({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.close();
  for (const socket of accepted) socket.destroy();
  server.close();
});

interface Ends {
  readonly client: Socket;
  readonly peer: Socket;
}

async function open(): Promise<Ends> {
  const count = accepted.length;
  const client = connect({ ...proxy.address, allowHalfOpen: true });
  client.on('error', () => {});
  await vi.waitFor(() => expect(accepted).toHaveLength(count + 1));
  return { client, peer: accepted[count] as Socket };
}

async function bytesOf(socket: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let size = 0; size < count; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks);
}

describe('without faults', () => {
  it('passes bytes and ends both ways', async () => {
    const { client, peer } = await open();
    client.end('request');
    expect(String(await bytesOf(peer, 7))).toBe('request');
    await once(peer.resume(), 'end');
    peer.end('answer');
    expect(String(await bytesOf(client, 6))).toBe('answer');
    await once(client.resume(), 'end');
  });

  it('passes a reset as a reset', async () => {
    const { client, peer } = await open();
    peer.resume();
    client.resetAndDestroy();
    const [error] = await once(peer, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('passes much, with a reader that holds it up', async () => {
    const { client, peer } = await open();
    const bytes = Buffer.alloc(20_000_000, 'abc');
    peer.pause();
    client.end(bytes);
    const received: Buffer[] = [];
    for await (const chunk of peer) received.push(chunk as Buffer);
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    expect(proxy.toServer.byteCount).toBe(bytes.length);
  });
});

describe('with faults', () => {
  it('flips the byte that it was told to, once', async () => {
    const { client, peer } = await open();
    const fired = proxy.toServer.after(5, 'corrupt');
    client.write('012');
    client.write('3456');
    expect(String(await bytesOf(peer, 7))).toBe('0123446');
    await fired;
    client.write('0123456');
    expect(String(await bytesOf(peer, 7))).toBe('0123456');
  });

  it('resets the connection behind so many bytes', async () => {
    const { client, peer } = await open();
    const fired = proxy.toClient.after(4, 'reset');
    peer.write('0123456');
    const received: Buffer[] = [];
    client.on('data', (chunk: Buffer) => received.push(chunk));
    // A reset that comes together with bytes may show as the end of the connection.
    await new Promise<void>((resolve) => {
      client.once('error', () => resolve()).once('end', () => resolve());
    });
    await fired;
    expect(String(Buffer.concat(received))).toMatch(/^(0123)?$/);
    const next = await open();
    next.peer.write('0123456');
    expect(String(await bytesOf(next.client, 7))).toBe('0123456');
  });

  it('stalls one direction of one connection', async () => {
    const { client, peer } = await open();
    void proxy.toClient.after(4, 'stall');
    peer.write('0123456');
    expect(String(await bytesOf(client, 4))).toBe('0123');
    peer.write('789');
    client.write('still');
    expect(String(await bytesOf(peer, 5))).toBe('still');
    expect(client.bytesRead).toBe(4);
  });

  it('loses nothing by a cut, for old and new connections', async () => {
    const { client, peer } = await open();
    proxy.cut();
    client.write('before');
    const late = connect(proxy.address);
    await once(late, 'connect');
    late.write('late');
    expect(accepted).toHaveLength(1);
    expect(peer.bytesRead).toBe(0);
    proxy.heal();
    expect(String(await bytesOf(peer, 6))).toBe('before');
    await vi.waitFor(() => expect(accepted).toHaveLength(2));
    expect(String(await bytesOf(accepted[1] as Socket, 4))).toBe('late');
    late.destroy();
  });

  it('keeps the end of a connection from the other side', async () => {
    const { client, peer } = await open();
    proxy.toServer.swallowsFin = true;
    let ended = false;
    peer.resume().on('end', () => {
      ended = true;
    });
    client.end('last');
    await vi.waitFor(() => expect(peer.bytesRead).toBe(4));
    peer.write('answer');
    expect(String(await bytesOf(client, 6))).toBe('answer');
    expect(ended).toBe(false);
  });

  it('refuses, and takes connections again on its port', async () => {
    proxy.refuse();
    const refused = connect(proxy.address);
    const [error] = await once(refused, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.accept();
    const { client, peer } = await open();
    client.write('again');
    expect(String(await bytesOf(peer, 5))).toBe('again');
  });

  it('delays what passes', async () => {
    const { client, peer } = await open();
    proxy.toServer.delayMs = 50;
    const started = performance.now();
    client.write('late');
    expect(String(await bytesOf(peer, 4))).toBe('late');
    expect(performance.now() - started).toBeGreaterThan(45);
  });
});
