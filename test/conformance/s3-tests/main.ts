/** Runs ceph/s3-tests against a gateway of its own. See README.md beside this file. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GatewayProcess, startCommand } from '../../support/gateway-process.ts';
import { compare, type ExpectedFailures, isAsExpected, renderComparison } from './compare.ts';
import { runSuite } from './run-suite.ts';
import { type SuiteUser, suiteConfig } from './suite-config.ts';

/** What the suite takes for granted and a gateway does only when it is told to. */
const gatewaySettings = {
  GATEWAY_DEFAULT_OBJECT_OWNERSHIP: 'ObjectWriter',
  GATEWAY_DEFAULT_PUBLIC_ACCESS_BLOCK: 'off',
  GATEWAY_SIGNATURE_V2: 'on',
};

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    select: { type: 'string', short: 'k' },
    json: { type: 'string' },
  },
});
if (values.suite === undefined) {
  console.error(
    'Usage: npm run conformance -- --suite DIR [--python PYTHON] [-k EXPRESSION] [--json FILE]',
  );
  process.exit(2);
}

const workDir = await mkdtemp(join(tmpdir(), 's3-tests-'));
const gateway = await GatewayProcess.start({ env: gatewaySettings });
try {
  const outcomes = await runSuite({
    suiteDir: resolve(values.suite),
    python: values.python,
    selection: values.select ?? null,
    config: suiteConfig(gateway.endpoint, {
      main: await addUser('main'),
      alt: await addUser('alt'),
      tenant: await addUser('tenant'),
      iam: await addUser('iam'),
      'iam root': await addUser('iam-root'),
      'iam alt root': await addUser('iam-alt-root'),
    }),
    workDir,
  });
  const comparison = compare(outcomes, await readExpected(), {
    isSelection: values.select !== undefined,
  });
  if (values.json) await writeFile(values.json, JSON.stringify(outcomes, null, 2));
  console.log(renderComparison(comparison));
  if (!isAsExpected(comparison)) process.exitCode = 1;
} finally {
  await gateway.dispose();
  await rm(workDir, { recursive: true, force: true });
}

async function readExpected(): Promise<ExpectedFailures> {
  const file = new URL('expected-failures.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as ExpectedFailures;
}

async function addUser(name: string): Promise<SuiteUser> {
  const key = await command<{ accessKeyId: string; secretAccessKey: string }>([
    'user',
    'add',
    name,
  ]);
  const users = await command<readonly { name: string; id: string }[]>(['user', 'list']);
  const id = users.find((user) => user.name === name)?.id ?? '';
  return { name, id, ...key };
}

async function command<Output>(words: readonly string[]): Promise<Output> {
  const started = startCommand(gateway.dataDir, [...words, '--json']);
  const { code, output } = await started.end(null);
  if (code !== 0) throw new Error(`fastdfs-s3 ${words.join(' ')}: ${output}`);
  return JSON.parse(output) as Output;
}
