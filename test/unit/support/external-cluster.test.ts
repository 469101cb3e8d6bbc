import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TRACKER_PORT } from '../../../src/fastdfs/protocol/constants.ts';
import { ExternalCluster } from '../../support/cluster/external-cluster.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

it('tells the operator of a real cluster what to do', async () => {
  const directory = temporaryDirectory();
  const script = join(directory, 'control');
  const log = join(directory, 'log');
  writeFileSync(
    script,
    `#!/bin/sh\nif [ "$2" = nodes ]; then echo "t1 127.0.0.1 tracker"; else echo "$@" >>${log}; fi\n`,
  );
  chmodSync(script, 0o755);
  const cluster = await ExternalCluster.open(`${script} -v`, directory);
  expect(cluster.nodes).toEqual([
    {
      name: 't1',
      role: 'tracker',
      groupName: null,
      address: { host: '127.0.0.1', port: TRACKER_PORT },
    },
  ]);
  await cluster.kill('t1');
  await cluster.start('t1');
  await cluster.cut('t1');
  await cluster.heal('t1');
  await cluster.stop('t1');
  expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
    '-v kill t1',
    '-v start t1',
    '-v cut t1',
    '-v heal t1',
    '-v stop t1',
  ]);
  await expect(cluster.kill('g9s9')).rejects.toThrow('no node g9s9');
  mkdirSync(join(directory, 't1', 'data', '00', '00'), { recursive: true });
  const name = 'oYYBAGsBBbGADJqPAAAAB_7FMKk469.bin';
  for (const file of [name, `${name}-m`, 'unfinished']) {
    writeFileSync(join(directory, 't1', 'data', '00', '00', file), '');
  }
  expect(await cluster.listFiles('t1')).toEqual([`M00/00/00/${name}`]);
  await cluster.wipe('t1');
  expect(await cluster.listFiles('t1')).toEqual([]);
});
