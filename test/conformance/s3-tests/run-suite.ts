import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestOutcome } from './compare.ts';

const files = ['s3tests/functional/test_s3.py', 's3tests/functional/test_headers.py'];

/**
 * Marks of what this gateway does not set out to do (IAM's own API, tiers in other clouds,
 * notifications, bucket logging, lifecycle, encryption) and of what Ceph itself fails.
 */
const excludedMarks = [
  'fails_on_rgw',
  'bucket_logging',
  'bucket_logging_cleanup',
  'cloud_transition',
  'cloud_restore',
  'iam_account',
  'iam_user',
  'iam_tenant',
  'iam_cross_account',
  'lifecycle_transition',
  'sns',
  'target_by_bucket',
  'encryption',
  'sse_s3',
  'bucket_encryption',
  'lifecycle',
  'lifecycle_expiration',
];

export interface SuiteRun {
  /** A checkout of ceph/s3-tests. */
  readonly suiteDir: string;
  readonly python: string;
  /** As pytest's `-k`; null for all. */
  readonly selection: string | null;
  /** Contents of the suite's configuration file. */
  readonly config: string;
  /** For files of this run. */
  readonly workDir: string;
}

/**
 * Runs the suite; its output goes to this process's. Throws when it ends without an outcome of
 * every test it chose.
 */
export async function runSuite(run: SuiteRun): Promise<readonly TestOutcome[]> {
  const configPath = join(run.workDir, 's3tests.conf');
  const outcomesPath = join(run.workDir, 'outcomes.jsonl');
  await writeFile(configPath, run.config, { mode: 0o600 });
  const script = fileURLToPath(new URL('run_suite.py', import.meta.url));
  const child = spawn(
    run.python,
    [
      script,
      outcomesPath,
      ...[
        '-p',
        'no:cacheprovider',
        '-q',
        '--tb=short',
        '-m',
        `not (${excludedMarks.join(' or ')})`,
      ],
      ...(run.selection === null ? [] : ['-k', run.selection]),
      ...files,
    ],
    {
      cwd: run.suiteDir,
      env: suiteEnvironment(configPath),
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  // 0: all passed; 1: some did not.
  if (code !== 0 && code !== 1) {
    throw new Error(`The suite ended with ${signal ?? `status ${code}`}; its output is above.`);
  }
  const lines = (await readFile(outcomesPath, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as TestOutcome);
}

/** Nothing of whoever runs it may lead the suite to another endpoint. */
function suiteEnvironment(configPath: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(kept),
    S3TEST_CONF: configPath,
    // A second attempt would hide a failure.
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}
