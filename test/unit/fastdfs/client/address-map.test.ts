import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../../../src/fastdfs/client/address-map.ts';
import { ServerPools } from '../../../../src/fastdfs/client/server-pools.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { type AddressPair, parseAddressPairs } from '../../../../src/support/address-pairs.ts';
import { closedPort } from '../../../support/fake-server.ts';
import { onCleanup, PATIENT, serve, serveReplies } from './harness.ts';

function pairs(text: string): readonly AddressPair[] {
  const parsed = parseAddressPairs(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

function mappedPools(text: string): ServerPools {
  const pools = new ServerPools(PATIENT, () => {}, new AddressMap(pairs(text)));
  onCleanup(() => pools.close());
  return pools;
}

describe('an address map', () => {
  const map = new AddressMap(pairs('10.0.0.5=a,10.0.0.5:23001=b:1,Name:7=c,[fd00:0::5]=[::1]:9'));

  it.each([
    ['10.0.0.5', 23_000, { host: 'a', port: 23_000 }],
    ['10.0.0.5', 23_001, { host: 'b', port: 1 }],
    ['name', 7, { host: 'c', port: 7 }],
    ['fd00::5', 23_000, { host: '::1', port: 9 }],
  ])('reaches %s port %i where the pair says', (host, port, reachedAt) => {
    expect(map.resolve({ host, port })).toEqual({ host, port, reachedAt });
  });

  it.each([
    ['10.0.0.6', 23_000],
    ['name', 8],
  ])('leaves %s port %i as it is', (host, port) => {
    expect(map.resolve({ host, port })).toEqual({ host, port });
  });
});

describe('a server behind NAT', () => {
  const advertised = { host: '192.0.2.5', port: 23_000 };

  it('is reached where the map says, under its own name', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const pools = mappedPools(`192.0.2.5=127.0.0.1:${server.address.port}`);
    await new StorageClient(pools).activeTest(advertised);
    expect(server.peers).toHaveLength(1);
    expect(pools.states()).toMatchObject([{ server: '192.0.2.5:23000', connectionCount: 1 }]);
  });

  it('has both addresses in errors of the connection', async () => {
    const { port } = await closedPort();
    const pools = mappedPools(`192.0.2.5:23000=127.0.0.1:${port}`);
    const asked = new StorageClient(pools).activeTest(advertised);
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining(`192.0.2.5:23000 (reached at 127.0.0.1:${port}) failed`),
      address: advertised,
    });
  });

  it('has both addresses in refusals', async () => {
    const server = await serve(async (peer) => {
      await peer.request();
      peer.answer(5);
    });
    const { port } = server.address;
    const pools = mappedPools(`192.0.2.5=127.0.0.1:${port}`);
    const asked = new StorageClient(pools).activeTest(advertised);
    await expect(asked).rejects.toThrow(`192.0.2.5:23000 (reached at 127.0.0.1:${port}) answered`);
  });
});
