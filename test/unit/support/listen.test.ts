import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { ListenError, listen, localUrl } from '../../../src/support/listen.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => servers.splice(0).forEach((server) => void server.close()));

function newServer() {
  const server = createServer();
  servers.push(server);
  return server;
}

const anyPort = { host: '127.0.0.1', port: 0 };

it('resolves to the port that the system chose', async () => {
  const { host, port } = await listen(newServer(), anyPort, 'GATEWAY_S3_LISTEN');
  expect(host).toBe('127.0.0.1');
  expect(port).toBeGreaterThan(0);
});

it('names the setting when the port is taken', async () => {
  const taken = await listen(newServer(), anyPort, 'GATEWAY_S3_LISTEN');
  const second = listen(newServer(), taken, 'GATEWAY_S3_LISTEN');
  await expect(second).rejects.toBeInstanceOf(ListenError);
  await expect(second).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${taken.port}: another program listens there. Set GATEWAY_S3_LISTEN to another address.`,
  );
});

it('says so when the machine does not have the address', async () => {
  await expect(
    listen(newServer(), { host: '203.0.113.1', port: 0 }, 'GATEWAY_CONSOLE_LISTEN'),
  ).rejects.toThrow(/no such address.*GATEWAY_CONSOLE_LISTEN/);
});

it.each([
  ['0.0.0.0', 'http://127.0.0.1:9000'],
  ['::', 'http://[::1]:9000'],
  ['10.0.0.1', 'http://10.0.0.1:9000'],
  ['fd00::1', 'http://[fd00::1]:9000'],
])('the URL of %s for this machine is %s', (host, url) => {
  expect(localUrl({ host, port: 9000 })).toBe(url);
});
