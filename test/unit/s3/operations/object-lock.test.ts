import { describe, expect, it } from 'vitest';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type SentRequest, send } from '../../../support/s3-operations.ts';

const guarded = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };
const bypass = { 'x-amz-bypass-governance-retention': 'true' };
const until = (year: number) => `${year}-01-01T00:00:00.000Z`;
const lockHeaders = (mode: string, year = 2030) => ({
  ...guarded,
  'x-amz-object-lock-mode': mode,
  'x-amz-object-lock-retain-until-date': until(year),
});
const retention = (mode: string, year = 2030) =>
  `<Retention><Mode>${mode}</Mode><RetainUntilDate>${until(year)}</RetainUntilDate></Retention>`;
const legalHold = (status: string) => `<LegalHold><Status>${status}</Status></LegalHold>`;
const configuration = (rule = '') =>
  `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
const rule = (inner: string) => `<Rule><DefaultRetention>${inner}</DefaultRetention></Rule>`;

/** A bucket `vault` with object lock; its clock stands in 2024. */
async function vault(): Promise<TestCore> {
  const core = await createTestCore();
  await send(core, 'PUT /vault', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } });
  return core;
}

async function put(core: TestCore, headers: SentRequest['headers'] = {}): Promise<string> {
  const response = await send(core, 'PUT /vault/cat', { body: 'cat', headers });
  expect(response.code).toBeNull();
  const bucket = await core.index.findBucket('vault');
  const object = bucket && (await core.index.findObject(bucket.id, 'cat'));
  return object?.versionId ?? '';
}

const remove = (core: TestCore, versionId: string, sent: SentRequest = {}) =>
  send(core, `DELETE /vault/cat?versionId=${versionId}`, sent);

describe('CreateBucket with object lock', () => {
  it('turns versioning on with it', async () => {
    const core = await vault();
    expect(await core.index.findBucket('vault')).toMatchObject({
      hasObjectLock: true,
      versioning: 'Enabled',
    });
    expect((await send(core, 'GET /vault?object-lock')).text).toMatch(
      /<ObjectLockEnabled>Enabled<\/ObjectLockEnabled><\/ObjectLockConfiguration>$/,
    );
  });

  it('takes true and false only', async () => {
    const core = await createTestCore();
    const headers = { 'x-amz-bucket-object-lock-enabled': 'maybe' };
    expect(await send(core, 'PUT /vault', { headers })).toMatchObject({ code: 'InvalidArgument' });
    expect(await core.index.findBucket('vault')).toBeNull();
  });
});

describe('the object lock configuration', () => {
  it.each([
    rule('<Mode>GOVERNANCE</Mode><Days>1</Days>'),
    rule('<Mode>COMPLIANCE</Mode><Years>2</Years>'),
  ])('is got as it was put: %s', async (written) => {
    const core = await vault();
    const body = configuration(written);
    expect(await send(core, 'PUT /vault?object-lock', { body, headers: guarded })).toMatchObject({
      status: 200,
    });
    expect((await send(core, 'GET /vault?object-lock')).text).toContain(written);
  });

  it.each([
    ['', 'MissingRequestBodyError'],
    ['<ObjectLockConfiguration/>', 'MalformedXML'],
    [configuration().replace('>Enabled<', '>Disabled<'), 'MalformedXML'],
    [configuration('<Rule/>'), 'MalformedXML'],
    [configuration(rule('<Mode>GOVERNANCE</Mode>')), 'MalformedXML'],
    [configuration(rule('<Days>1</Days>')), 'MalformedXML'],
    [configuration(rule('<Mode>governance</Mode><Days>1</Days>')), 'MalformedXML'],
    [configuration(rule('<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>')), 'MalformedXML'],
    [configuration(rule('<Mode>GOVERNANCE</Mode><Days>one</Days>')), 'MalformedXML'],
    [configuration(rule('<Mode>GOVERNANCE</Mode><Days>0</Days>')), 'InvalidRetentionPeriod'],
    [configuration(rule('<Mode>GOVERNANCE</Mode><Years>-1</Years>')), 'InvalidRetentionPeriod'],
    [configuration(rule('<Mode>GOVERNANCE</Mode><Days>36501</Days>')), 'InvalidRetentionPeriod'],
    [configuration(rule('<Mode>GOVERNANCE</Mode><Years>101</Years>')), 'InvalidRetentionPeriod'],
  ])('%s is %s', async (body, code) => {
    const core = await vault();
    expect(await send(core, 'PUT /vault?object-lock', { body, headers: guarded })).toMatchObject({
      code,
    });
  });

  it('needs a digest of the document, and a bucket with versions', async () => {
    const core = await vault();
    const body = configuration();
    expect(await send(core, 'PUT /vault?object-lock', { body })).toMatchObject({
      code: 'InvalidRequest',
    });
    expect(await send(core, 'PUT /photos?object-lock', { body, headers: guarded })).toMatchObject({
      status: 409,
      code: 'InvalidBucketState',
    });
    expect(await send(core, 'GET /photos?object-lock')).toMatchObject({
      code: 'ObjectLockConfigurationNotFoundError',
    });
  });

  it('gives objects their retention when they are written', async () => {
    const core = await vault();
    const body = configuration(rule('<Mode>COMPLIANCE</Mode><Days>1</Days>'));
    await send(core, 'PUT /vault?object-lock', { body, headers: guarded });
    expect(await send(core, 'PUT /vault/cat', { body: 'cat' })).toMatchObject({
      code: 'InvalidRequest',
    });
    const versionId = await put(core, guarded);
    expect((await send(core, 'HEAD /vault/cat')).headers).toMatchObject({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2024-01-02T00:00:00.000Z',
    });
    expect(await remove(core, versionId, { headers: bypass })).toMatchObject({
      code: 'AccessDenied',
    });
    core.clock.nowMs = Date.UTC(2024, 0, 2);
    expect((await remove(core, versionId)).status).toBe(204);
  });
});

describe('a locked version', () => {
  it('is kept from everybody in mode COMPLIANCE', async () => {
    const core = await vault();
    const versionId = await put(core, lockHeaders('COMPLIANCE'));
    for (const caller of [core.alice, core.root]) {
      expect(await remove(core, versionId, { headers: bypass, caller })).toMatchObject({
        status: 403,
        code: 'AccessDenied',
        facts: { message: 'Access Denied because object protected by object lock.' },
      });
    }
    core.clock.nowMs = Date.UTC(2030, 0, 1);
    expect((await remove(core, versionId)).status).toBe(204);
  });

  it('goes with the bypass in mode GOVERNANCE', async () => {
    const core = await vault();
    const versionId = await put(core, lockHeaders('GOVERNANCE'));
    expect(await remove(core, versionId)).toMatchObject({ code: 'AccessDenied' });
    expect((await remove(core, versionId, { headers: bypass })).status).toBe(204);
  });

  it('stays under a delete marker and a newer version', async () => {
    const core = await vault();
    const versionId = await put(core, lockHeaders('GOVERNANCE'));
    expect((await send(core, 'DELETE /vault/cat')).status).toBe(204);
    await put(core);
    expect(await remove(core, versionId)).toMatchObject({ code: 'AccessDenied' });
    const { text } = await send(core, `GET /vault/cat?versionId=${versionId}`);
    expect(text).toBe('cat');
  });

  it('with a legal hold stays until the hold is off', async () => {
    const core = await vault();
    const versionId = await put(core, { ...guarded, 'x-amz-object-lock-legal-hold': 'ON' });
    expect(await remove(core, versionId, { headers: bypass })).toMatchObject({
      code: 'AccessDenied',
    });
    const off = { body: legalHold('OFF'), headers: guarded };
    expect((await send(core, 'PUT /vault/cat?legal-hold', off)).status).toBe(200);
    expect((await remove(core, versionId)).status).toBe(204);
  });

  it('is told of by DeleteObjects, which deletes the rest', async () => {
    const core = await vault();
    const free = await put(core);
    const locked = await put(core, lockHeaders('GOVERNANCE'));
    const list = [free, locked].map(
      (id) => `<Object><Key>cat</Key><VersionId>${id}</VersionId></Object>`,
    );
    const sent = { body: `<Delete>${list.join('')}</Delete>`, headers: guarded };
    const first = (await send(core, 'POST /vault?delete', sent)).xml('DeleteResult');
    expect(first.find('Deleted')?.textOf('VersionId')).toBe(free);
    expect(first.find('Error')?.textOf('VersionId')).toBe(locked);
    expect(first.find('Error')?.textOf('Code')).toBe('AccessDenied');
    const headers = { ...guarded, ...bypass };
    const again = await send(core, 'POST /vault?delete', { ...sent, headers });
    expect(again.xml('DeleteResult').list('Error')).toEqual([]);
  });
});

describe('retention', () => {
  it('is put, lengthened, and weakened only with the bypass', async () => {
    const core = await vault();
    await put(core);
    expect(await send(core, 'GET /vault/cat?retention')).toMatchObject({
      status: 404,
      code: 'NoSuchObjectLockConfiguration',
    });
    const change = (body: string, headers = {}) =>
      send(core, 'PUT /vault/cat?retention', { body, headers: { ...guarded, ...headers } });
    expect((await change(retention('GOVERNANCE', 2030))).status).toBe(200);
    expect((await change(retention('GOVERNANCE', 2031))).status).toBe(200);
    expect(await change(retention('GOVERNANCE', 2030))).toMatchObject({ code: 'AccessDenied' });
    expect(await change('<Retention/>')).toMatchObject({ code: 'AccessDenied' });
    expect((await send(core, 'GET /vault/cat?retention')).text).toContain(
      '<Mode>GOVERNANCE</Mode><RetainUntilDate>2031-01-01T00:00:00.000Z</RetainUntilDate>',
    );
    expect((await change(retention('COMPLIANCE', 2030), bypass)).status).toBe(200);
    expect(await change('<Retention/>', bypass)).toMatchObject({ code: 'AccessDenied' });
  });

  it.each([
    ['<Retention><Mode>GOVERNANCE</Mode></Retention>', 'MalformedXML'],
    [retention('governance'), 'MalformedXML'],
    [retention('GOVERNANCE').replace('T00', ' 00'), 'MalformedXML'],
    [retention('GOVERNANCE', 2024), 'InvalidArgument'],
    [retention('GOVERNANCE', 2023), 'InvalidArgument'],
  ])('%s is %s', async (body, code) => {
    const core = await vault();
    await put(core);
    expect(await send(core, 'PUT /vault/cat?retention', { body, headers: guarded })).toMatchObject({
      code,
    });
  });
});

describe('without object lock', () => {
  it.each([
    ['GET /photos/cat?retention', ''],
    ['GET /photos/cat?legal-hold', ''],
    ['PUT /photos/cat?retention', retention('GOVERNANCE')],
    ['PUT /photos/cat?legal-hold', legalHold('ON')],
  ])('%s is InvalidRequest', async (line, body) => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat', { body: 'cat' });
    expect(await send(core, line, { body, headers: guarded })).toMatchObject({
      status: 400,
      code: 'InvalidRequest',
    });
  });

  it.each([lockHeaders('GOVERNANCE'), { ...guarded, 'x-amz-object-lock-legal-hold': 'OFF' }])(
    'a write with %j stores nothing',
    async (headers) => {
      const core = await createTestCore();
      for (const line of ['PUT /photos/cat', 'POST /photos/cat?uploads']) {
        expect(await send(core, line, { body: 'cat', headers })).toMatchObject({
          code: 'InvalidRequest',
        });
      }
      expect(await core.keys()).toEqual([]);
    },
  );
});

describe('writes that lock', () => {
  it('need a digest of the body', async () => {
    const core = await vault();
    const { 'content-md5': _, ...headers } = lockHeaders('GOVERNANCE');
    expect(await send(core, 'PUT /vault/cat', { body: 'cat', headers })).toMatchObject({
      code: 'InvalidRequest',
    });
  });

  it('are copies too, which take no lock over', async () => {
    const core = await vault();
    await put(core, { ...lockHeaders('GOVERNANCE'), 'x-amz-object-lock-legal-hold': 'ON' });
    const source = { 'x-amz-copy-source': '/vault/cat' };
    await send(core, 'PUT /vault/free', { headers: source });
    const free = await send(core, 'HEAD /vault/free');
    expect(free.headers['x-amz-object-lock-mode']).toBeUndefined();
    expect(free.headers['x-amz-object-lock-legal-hold']).toBeUndefined();
    await send(core, 'PUT /vault/held', { headers: { ...source, ...lockHeaders('COMPLIANCE') } });
    const held = await send(core, 'HEAD /vault/held');
    expect(held.headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
  });

  it('are completed uploads, with the default of the day where they brought none', async () => {
    const core = await vault();
    const body = configuration(rule('<Mode>GOVERNANCE</Mode><Days>1</Days>'));
    const ids = [];
    for (const headers of [{}, lockHeaders('COMPLIANCE')]) {
      const created = await send(core, 'POST /vault/cat?uploads', { headers });
      ids.push(created.xml('InitiateMultipartUploadResult').textOf('UploadId'));
    }
    await send(core, 'PUT /vault?object-lock', { body, headers: guarded });
    const modes = [];
    for (const id of ids) {
      const part = await send(core, `PUT /vault/cat?partNumber=1&uploadId=${id}`, { body: 'cat' });
      await send(core, `POST /vault/cat?uploadId=${id}`, {
        body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`,
      });
      modes.push((await send(core, 'HEAD /vault/cat')).headers['x-amz-object-lock-mode']);
    }
    expect(modes).toEqual(['GOVERNANCE', 'COMPLIANCE']);
  });
});

describe('races', () => {
  it('never let a version be retained and deleted', async () => {
    const core = await vault();
    for (let round = 0; round < 30; round += 1) {
      const versionId = await put(core);
      const lock = () =>
        send(core, `PUT /vault/cat?retention&versionId=${versionId}`, {
          body: retention('COMPLIANCE'),
          headers: guarded,
        });
      const drop = () => remove(core, versionId);
      const order = round % 2 === 0 ? [lock, drop] : [drop, lock];
      const outcomes = await Promise.all(order.map((run) => run()));
      const [locked, dropped] = round % 2 === 0 ? outcomes : [...outcomes].reverse();
      const isThere = (await send(core, `HEAD /vault/cat?versionId=${versionId}`)).status === 200;
      expect([locked?.status, dropped?.status]).toEqual(isThere ? [200, 403] : [404, 204]);
    }
  });
});
