import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { IdentityPolicy } from '../../../../src/core/services.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type SentRequest, send } from '../../../support/s3-operations.ts';

const bobs = { AWS: 'bob' };
const objects = (bucket: string) => `arn:aws:s3:::${bucket}/*`;

function document(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

const allow = (Action: string | readonly string[], Condition: object = {}) => ({
  ...{ Effect: 'Allow', Principal: bobs, Action, Resource: objects('photos'), Condition },
});
const deny = (Action: string, Condition: object) => ({
  ...allow(Action, Condition),
  Effect: 'Deny',
});

/** Alice's bucket `photos` under that policy, with an object `cat`; the bucket `bobs` is Bob's. */
async function photos(...statements: readonly object[]): Promise<TestCore> {
  const core = await createTestCore();
  await send(core, 'PUT /photos/cat', { body: 'cat' });
  await send(core, 'PUT /bobs', { caller: core.bob });
  expect(await send(core, 'PUT /photos?policy', { body: document(...statements) })).toMatchObject({
    status: 204,
  });
  return core;
}

async function codeOf(core: TestCore, line: string, sent: SentRequest = {}) {
  const { code } = await send(core, line, { caller: core.bob, ...sent });
  return code;
}

const tagging = (key: string, value: string) =>
  `<Tagging><TagSet><Tag><Key>${key}</Key><Value>${value}</Value></Tag></TagSet></Tagging>`;
const teamIs = (name: string) => ({ StringEquals: { 's3:RequestObjectTag/team': name } });
const copyOf = (source: string, others: Record<string, string> = {}) => ({
  headers: { 'x-amz-copy-source': source, ...others },
});

describe('s3:RequestObjectTag', () => {
  it('is what the document of PutObjectTagging says, whatever the headers say', async () => {
    const core = await photos(allow('s3:PutObjectTagging', teamIs('bob')));
    const put = (body: string, headers = {}) =>
      codeOf(core, 'PUT /photos/cat?tagging', { body, headers });
    expect(await put(tagging('team', 'bob'))).toBeNull();
    expect(await put(tagging('team', 'ops'))).toBe('AccessDenied');
    expect(await put(tagging('team', 'ops'), { 'x-amz-tagging': 'team=bob' })).toBe('AccessDenied');
    expect(await put('<Tagging/>')).toBe('MalformedXML');
  });

  it('denies the tags of a document', async () => {
    const core = await photos(
      allow('s3:PutObjectTagging'),
      deny('s3:PutObjectTagging', teamIs('ops')),
    );
    const put = (body: string) => codeOf(core, 'PUT /photos/cat?tagging', { body });
    expect(await put(tagging('team', 'bob'))).toBeNull();
    expect(await put(tagging('team', 'ops'))).toBe('AccessDenied');
  });

  it('tells whoever may not tag at all nothing of its document', async () => {
    const core = await photos(allow('s3:GetObject'));
    expect(await codeOf(core, 'PUT /photos/cat?tagging', { body: '<' })).toBe('AccessDenied');
  });

  it('is not there in a copy that keeps the tags of its source', async () => {
    const core = await photos(allow(['s3:PutObject', 's3:PutObjectTagging'], teamIs('bob')));
    await send(core, 'PUT /bobs/cat', { body: 'cat', caller: core.bob });
    const tags = { 'x-amz-tagging': 'team=bob' };
    expect(await codeOf(core, 'PUT /photos/copy', copyOf('bobs/cat', tags))).toBe('AccessDenied');
    const replaced = { ...tags, 'x-amz-tagging-directive': 'REPLACE' };
    expect(await codeOf(core, 'PUT /photos/copy', copyOf('bobs/cat', replaced))).toBeNull();
  });

  it('is of the source where a copy brings the tags along', async () => {
    const core = await photos(
      allow(['s3:PutObject', 's3:PutObjectTagging']),
      deny('s3:PutObjectTagging', teamIs('ops')),
    );
    for (const team of ['ops', 'bob']) {
      const headers = { 'x-amz-tagging': `team=${team}` };
      await send(core, `PUT /bobs/${team}`, { body: 'cat', headers, caller: core.bob });
    }
    expect(await codeOf(core, 'PUT /photos/copy', copyOf('bobs/ops'))).toBe('AccessDenied');
    expect(await codeOf(core, 'PUT /photos/copy', copyOf('bobs/bob'))).toBeNull();
  });

  it('knows names that a client sends without encoding them', async () => {
    const isBad = { StringEquals: { 's3:RequestObjectTag/é': 'x' } };
    const core = await photos(
      allow(['s3:PutObject', 's3:PutObjectTagging']),
      deny('s3:PutObjectTagging', isBad),
    );
    const headers = { 'x-amz-tagging': Buffer.from('é=x').toString('latin1') };
    expect(await codeOf(core, 'PUT /photos/dog', { body: 'dog', headers })).toBe('AccessDenied');
  });
});

describe('what policies ask of a lock', () => {
  const retention = (mode: string, year: number) =>
    `<Retention><Mode>${mode}</Mode><RetainUntilDate>${year}-01-01T00:00:00Z</RetainUntilDate></Retention>`;
  const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };

  async function vault(condition: object): Promise<TestCore> {
    const core = await createTestCore();
    const locked = { 'x-amz-bucket-object-lock-enabled': 'true' };
    await send(core, 'PUT /vault', { headers: locked });
    await send(core, 'PUT /vault/cat', { body: 'cat', headers });
    const Resource = objects('vault');
    const actions = ['s3:PutObjectRetention', 's3:PutObjectLegalHold'];
    const body = document(
      { ...allow(actions), Resource },
      { ...deny('s3:PutObject*', condition), Resource },
    );
    expect(await send(core, 'PUT /vault?policy', { body })).toMatchObject({ status: 204 });
    return core;
  }

  it('is in the document of PutObjectRetention', async () => {
    const core = await vault({
      NumericGreaterThan: { 's3:object-lock-remaining-retention-days': '1000' },
    });
    const put = (body: string) => codeOf(core, 'PUT /vault/cat?retention', { body, headers });
    expect(await put(retention('GOVERNANCE', 2090))).toBe('AccessDenied');
    const nextYear = new Date(core.now()).getUTCFullYear() + 1;
    expect(await put(retention('GOVERNANCE', nextYear))).toBeNull();
  });

  it('is in the document of PutObjectLegalHold', async () => {
    const core = await vault({ StringEquals: { 's3:object-lock-legal-hold': 'ON' } });
    const put = (status: string) =>
      codeOf(core, 'PUT /vault/cat?legal-hold', {
        body: `<LegalHold><Status>${status}</Status></LegalHold>`,
        headers: { ...headers, 'x-amz-object-lock-legal-hold': 'OFF' },
      });
    expect(await put('ON')).toBe('AccessDenied');
    expect(await put('OFF')).toBeNull();
  });
});

describe('a policy that is public', () => {
  it.each([
    ['10.0.0.0/8', null],
    ['2001:db8::/32', null],
    ['::ffff:10.0.0.0/104', null],
    ['0.0.0.0/1', 'AccessDenied'],
    ['::ffff:0.0.0.0/96', 'AccessDenied'],
    ['::/32', 'AccessDenied'],
    ['2001::/16', 'AccessDenied'],
  ])('may be one to %s: %s', async (range, code) => {
    const core = await createTestCore();
    const block = '<BlockPublicPolicy>true</BlockPublicPolicy>';
    await send(core, 'PUT /photos?publicAccessBlock', {
      body: `<PublicAccessBlockConfiguration>${block}</PublicAccessBlockConfiguration>`,
    });
    const condition = { IpAddress: { 'aws:SourceIp': range } };
    const body = document({ ...allow('s3:GetObject', condition), Principal: '*' });
    expect((await send(core, 'PUT /photos?policy', { body })).code).toBe(code);
  });
});

describe('RenameObject', () => {
  it('lets nobody guess the ETag of an object that it may not read', async () => {
    const core = await photos(allow('s3:PutObject'), {
      ...allow(['s3:GetObject', 's3:DeleteObject']),
      Resource: 'arn:aws:s3:::photos/mine',
    });
    await send(core, 'PUT /photos/mine', { body: 'mine', caller: core.bob });
    for (const name of ['if-match', 'if-none-match']) {
      const headers = { 'x-amz-rename-source': 'mine', [name]: '"00"' };
      expect(await codeOf(core, 'PUT /photos/cat?renameObject', { headers })).toBe('AccessDenied');
    }
    const headers = { 'x-amz-rename-source': 'mine', 'if-none-match': '*' };
    expect(await codeOf(core, 'PUT /photos/dog?renameObject', { headers })).toBeNull();
  });
});

describe('CreateBucket', () => {
  const bound = (core: TestCore, ...actions: readonly string[]) => {
    const text = document({ Effect: 'Allow', Action: actions, Resource: 'arn:aws:s3:::mine' });
    const policies: readonly IdentityPolicy[] = [{ name: 'bound', document: text }];
    return { ...core.bob, policies };
  };
  const tags =
    '<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>';

  it.each([
    [
      'an ACL',
      ['s3:PutBucketAcl'],
      { 'x-amz-acl': 'log-delivery-write', 'x-amz-object-ownership': 'ObjectWriter' },
    ],
    ['ownership', ['s3:PutBucketOwnershipControls'], { 'x-amz-object-ownership': 'ObjectWriter' }],
    [
      'object lock',
      ['s3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning'],
      { 'x-amz-bucket-object-lock-enabled': 'true' },
    ],
    ['tags', ['s3:TagResource'], {}],
  ])('with %s takes what setting that takes', async (what, actions, headers) => {
    const core = await createTestCore();
    const sent = { headers, body: what === 'tags' ? tags : '' };
    const others = what === 'an ACL' ? ['s3:PutBucketOwnershipControls'] : [];
    const create = (...allowed: readonly string[]) =>
      codeOf(core, 'PUT /mine', { ...sent, caller: bound(core, 's3:CreateBucket', ...allowed) });
    for (const action of actions) {
      const rest = actions.filter((one) => one !== action);
      expect(await create(...others, ...rest)).toBe('AccessDenied');
    }
    expect(await create(...others, ...actions)).toBeNull();
  });
});

describe('DeleteObjects', () => {
  it('serves others while long patterns meet long keys', async () => {
    // A pattern that runs through every key again and again.
    const slow = `${objects('photos')}${'a?'.repeat(200)}b`;
    const resources = Array.from({ length: 10 }, (_, position) => `${slow}${position}`);
    const core = await photos(allow('s3:DeleteObject'), {
      ...deny('s3:DeleteObject', {}),
      Resource: resources,
    });
    const turnsDuring = async (key: string) => {
      let turns = 0;
      const count = () => {
        turns += 1;
        counting = setImmediate(count);
      };
      let counting = setImmediate(count);
      const listed = Array.from(
        { length: 50 },
        (_, position) => `<Object><Key>${key}${position}</Key></Object>`,
      );
      const body = `<Delete>${listed.join('')}</Delete>`;
      const md5 = createHash('md5').update(body).digest('base64');
      expect(
        await codeOf(core, 'POST /photos?delete', { body, headers: { 'content-md5': md5 } }),
      ).toBeNull();
      clearImmediate(counting);
      return turns;
    };
    expect(await turnsDuring(`${'a'.repeat(900)}b`)).toBeGreaterThan(
      (await turnsDuring('c'.repeat(901))) + 2,
    );
  });
});
