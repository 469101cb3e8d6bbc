import { beforeAll, describe, expect, it } from 'vitest';
import { bucketAcl, storedAcl } from '../../../src/core/access/acl.ts';
import { anonymousCaller } from '../../../src/core/access/anonymous.ts';
import {
  blockAllPublicAccess,
  ownershipControls,
  publicAccessBlock,
} from '../../../src/core/access/bucket-access-settings.ts';
import type { Caller } from '../../../src/core/services.ts';
import { noSubresources } from '../../../src/object-index/records.ts';
import type { Route } from '../../../src/s3/operation.ts';
import { routes } from '../../../src/s3/route-table.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { newObject, newUpload } from '../../support/new-records.ts';
import { send } from '../../support/s3-operations.ts';

/**
 * Who gets through to every operation of the route table, in every state of a bucket that is
 * alice's. The table is committed, so that a change of access shows in review: after a change that
 * is meant, `npx vitest run --project unit test/unit/s3/permission-matrix.test.ts -u` writes it anew.
 */
const tableFile = '../../fixtures/permission-matrix.txt';

const states = [
  'private',
  'allow',
  'deny',
  'allow, blocked',
  'public ACLs',
  'public ACLs, blocked',
];
type State = (typeof states)[number];

/** By the letter that stands for each in the table. */
const callers: Readonly<Record<string, (core: TestCore) => Caller>> = {
  R: (core) => core.root,
  O: (core) => core.alice,
  U: (core) => core.bob,
  A: () => anonymousCaller,
};

const publicBucket = [
  { grantee: 'AllUsers', permission: 'FULL_CONTROL' },
  { grantee: 'owner', permission: 'FULL_CONTROL' },
] as const;

let bucketCount = 0;

/** A bucket in that state, with an object and an upload. */
async function makeBucket(core: TestCore, state: State): Promise<string> {
  bucketCount += 1;
  const name = `matrix-${bucketCount}`;
  const hasAcls = state.startsWith('public ACLs');
  const { bucket } = await core.index.createBucket({
    name,
    ownerId: core.alice.userId,
    locationConstraint: null,
    createdAtMs: 0,
    settings: {
      ...ownershipControls.asSetting(hasAcls ? 'ObjectWriter' : 'BucketOwnerEnforced'),
      ...(hasAcls && bucketAcl.asSetting(publicBucket)),
      ...(state.startsWith('allow') && { policy: policyOf(name, 'Allow') }),
      ...(state === 'deny' && { policy: policyOf(name, 'Deny') }),
      ...(state.endsWith('blocked') && publicAccessBlock.asSetting(blockAllPublicAccess)),
    },
  });
  const owned = {
    ownerId: core.alice.userId,
    acl: hasAcls ? storedAcl(publicBucket, core.alice.userId) : null,
  };
  await core.index.putObject(newObject(bucket.id, 'cat', { ...owned, size: 0 }));
  const initiatorId = core.alice.userId;
  const upload = { ...newUpload(bucket.id, 'cat', name), ...noSubresources, ...owned, initiatorId };
  await core.index.createUpload(upload);
  return name;
}

function policyOf(bucketName: string, effect: 'Allow' | 'Deny'): string {
  const arn = `arn:aws:s3:::${bucketName}`;
  const statement = { Effect: effect, Principal: '*', Action: 's3:*', Resource: [arn, `${arn}/*`] };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

const deletion = '<Delete><Object><Key>cat</Key></Object></Delete>';

/** Calls the operation of a row; the upload of a bucket has its name. */
async function isLet(core: TestCore, route: Route, bucket: string, caller: Caller) {
  const { method, resource, subresource, header, operation } = route;
  const newBucket = operation.name === 'CreateBucket' ? `${bucket}-new` : bucket;
  const key = operation.name === 'RenameObject' ? 'dog' : 'cat';
  const path = { service: '/', bucket: `/${newBucket}`, object: `/${bucket}/${key}` }[resource];
  const values: Record<string, string> = { 'list-type': '2', uploadId: bucket };
  const query = subresource === null ? '' : `?${subresource}=${values[subresource] ?? ''}`;
  const part = operation.name.startsWith('UploadPart') ? '&partNumber=1' : '';
  const headers: Record<string, string> = {
    ...(header !== undefined && { [header]: `/${bucket}/cat` }),
    ...(operation.name === 'RenameObject' && { 'x-amz-rename-source': 'cat' }),
    ...(operation.name === 'DeleteObjects' && { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }),
  };
  const body = operation.name === 'DeleteObjects' ? deletion : '';
  const { code, text } = await send(core, `${method} ${path}${query}${part}`, {
    ...{ headers, body, caller },
  });
  // What others are told of the policy of a bucket.
  const isRefused = code === 'AccessDenied' || code === 'MethodNotAllowed';
  return !isRefused && !text.includes('<Code>AccessDenied</Code>');
}

/** Letters of those who get through, by operation and state. */
type Matrix = ReadonlyMap<string, ReadonlyMap<State, string>>;

async function findMatrix(core: TestCore): Promise<Matrix> {
  const matrix = new Map<string, ReadonlyMap<State, string>>();
  for (const route of routes) {
    const row = new Map<State, string>();
    for (const state of states) {
      let letters = '';
      for (const [letter, callerOf] of Object.entries(callers)) {
        const bucket = await makeBucket(core, state);
        letters += (await isLet(core, route, bucket, callerOf(core))) ? letter : '-';
      }
      row.set(state, letters);
    }
    matrix.set(route.operation.name, row);
  }
  return matrix;
}

function render(matrix: Matrix): string {
  const lines = [...matrix].sort(([one], [other]) => (one < other ? -1 : 1));
  const width = Math.max(...lines.map(([name]) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(width), ...cells.map((cell, at) => cell.padEnd(states[at]?.length ?? 0))]
      .join(' | ')
      .trimEnd();
  return [
    'Who gets through to an operation on a bucket and its object: R root, O their owner, U another',
    'user, A an anonymous caller. See test/unit/s3/permission-matrix.test.ts.',
    '',
    line('', states),
    ...lines.map(([name, row]) => line(name, [...row.values()])),
    '',
  ].join('\n');
}

describe('the matrix of permissions', () => {
  let matrix: Matrix;
  beforeAll(async () => {
    matrix = await findMatrix(await createTestCore());
  }, 120_000);

  /** Operations for which `isRight` does not hold in a state. */
  const wrong = (state: State, isRight: (letters: string, name: string) => boolean) =>
    [...matrix].filter(([name, row]) => !isRight(row.get(state) ?? '', name)).map(([name]) => name);
  const ofNoBucket = new Set(['ListBuckets', 'CreateBucket']);

  it('is the one that is committed', async () => {
    await expect(render(matrix)).toMatchFileSnapshot(tableFile);
  });

  it('has a row for every operation', () => {
    const names = new Set(routes.map(({ operation }) => operation.name));
    expect([...matrix.keys()].sort()).toEqual([...names].sort());
  });

  it.each(['private', 'allow, blocked', 'public ACLs, blocked'])(
    'lets root and the owner alone in where it is %s',
    (state) => {
      expect(
        wrong(state, (letters, name) => letters === (ofNoBucket.has(name) ? 'ROU-' : 'RO--')),
      ).toEqual([]);
    },
  );

  const ofPolicy = new Set(['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy']);

  it('lets nobody else near the policy of a bucket, whatever that says', () => {
    const isClosed = (letters: string, name: string) => !ofPolicy.has(name) || letters === 'RO--';
    for (const state of states) expect(wrong(state, isClosed)).toEqual([]);
  });

  it('lets nobody in against a Deny, but those to its policy who could take that away', () => {
    expect(
      wrong('deny', (letters, name) => {
        if (ofNoBucket.has(name)) return letters === 'ROU-';
        return letters === (ofPolicy.has(name) ? 'RO--' : '----');
      }),
    ).toEqual([]);
  });

  it('gives by ACLs no more than Amazon’s table of permissions does', () => {
    const byAcl = new Set([
      ...['HeadBucket', 'ListObjects', 'ListObjectsV2', 'ListObjectVersions'],
      ...['ListMultipartUploads', 'GetBucketAcl', 'PutBucketAcl', 'PutObject', 'PostObject'],
      ...['GetObject', 'HeadObject', 'GetObjectAcl', 'PutObjectAcl', 'CopyObject', 'AppendObject'],
      ...['CreateMultipartUpload', 'UploadPart', 'UploadPartCopy', 'CompleteMultipartUpload'],
    ]);
    expect(
      wrong('public ACLs', (letters, name) => {
        return byAcl.has(name) || ofNoBucket.has(name) || letters === 'RO--';
      }),
    ).toEqual([]);
  });
});
