import { describe, expect, it } from 'vitest';
import { withCat } from '../../../support/cat-object.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const configuration = (content: string) =>
  `<VersioningConfiguration>${content}</VersioningConfiguration>`;

async function setVersioning(core: TestCore, status: 'Enabled' | 'Suspended'): Promise<void> {
  const body = configuration(`<Status>${status}</Status>`);
  expect((await send(core, 'PUT /photos?versioning', { body })).status).toBe(200);
}

async function put(core: TestCore, key: string, body: string): Promise<string> {
  const { headers } = await send(core, `PUT /photos/${key}`, { body });
  return String(headers['x-amz-version-id']);
}

async function enabledCore(): Promise<TestCore> {
  const core = await createTestCore();
  await setVersioning(core, 'Enabled');
  return core;
}

describe('versioning of a bucket', () => {
  it('is nothing at first, then what was put', async () => {
    const core = await createTestCore();
    const status = async () =>
      (await send(core, 'GET /photos?versioning')).xml('VersioningConfiguration').textOf('Status');
    expect(await status()).toBeNull();
    for (const state of ['Enabled', 'Suspended', 'Enabled'] as const) {
      await setVersioning(core, state);
      expect(await status()).toBe(state);
    }
  });

  it.each([
    ['', 'MissingRequestBodyError'],
    [configuration(''), 'IllegalVersioningConfigurationException'],
    [configuration('<Status>On</Status>'), 'MalformedXML'],
    [configuration('<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>'), 'AccessDenied'],
    [configuration('<Status>Enabled</Status><MfaDelete>No</MfaDelete>'), 'MalformedXML'],
    ['<Versioning/>', 'MalformedXML'],
  ])('%j is %s', async (body, code) => {
    const core = await createTestCore();
    expect((await send(core, 'PUT /photos?versioning', { body })).code).toBe(code);
    expect((await core.index.findBucket('photos'))?.versioning).toBeNull();
  });

  it('cannot be suspended while it has object lock', async () => {
    const core = await createTestCore();
    await core.index.createBucket({
      ...{ name: 'locked', ownerId: core.alice.userId, locationConstraint: null, createdAtMs: 1 },
      ...{ versioning: 'Enabled', hasObjectLock: true },
    });
    const body = configuration('<Status>Suspended</Status>');
    expect(await send(core, 'PUT /locked?versioning', { body })).toMatchObject({
      ...{ status: 409, code: 'InvalidBucketState' },
    });
  });
});

describe('objects with versions', () => {
  it('are read, listed and deleted by version', async () => {
    const core = await enabledCore();
    const first = await put(core, 'k', 'one');
    const second = await put(core, 'k', 'two');
    expect(first).toMatch(/^[A-Za-z0-9._]{32}$/);
    expect((await send(core, 'GET /photos/k')).text).toBe('two');
    expect(await send(core, `GET /photos/k?versionId=${first}`)).toMatchObject({
      ...{ status: 200, text: 'one', headers: { 'x-amz-version-id': first } },
    });
    const deleted = await send(core, `DELETE /photos/k?versionId=${second}`);
    expect(deleted.headers).toEqual({
      'x-amz-version-id': second,
      'x-amz-delete-marker': undefined,
    });
    expect((await send(core, 'GET /photos/k')).text).toBe('one');
    expect((await send(core, `GET /photos/k?versionId=${second}`)).code).toBe('NoSuchVersion');
    expect((await send(core, 'GET /photos/k?versionId=')).code).toBe('InvalidArgument');
    expect((await send(core, 'DELETE /photos')).code).toBe('BucketNotEmpty');
  });

  it.each(['GET', 'HEAD'])('%s tells of a delete marker', async (method) => {
    const core = await enabledCore();
    await put(core, 'k', 'one');
    const { headers } = await send(core, 'DELETE /photos/k');
    const marker = String(headers['x-amz-version-id']);
    expect(headers['x-amz-delete-marker']).toBe('true');
    const about = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker };
    expect(await send(core, `${method} /photos/k`)).toMatchObject({
      ...{ status: 404, code: 'NoSuchKey', headers: about },
    });
    expect(await send(core, `${method} /photos/k?versionId=${marker}`)).toMatchObject({
      ...{ status: 405, code: 'MethodNotAllowed' },
      headers: { ...about, allow: 'DELETE', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' },
    });
    const removed = await send(core, `DELETE /photos/k?versionId=${marker}`);
    expect(removed.headers).toEqual(about);
    expect((await send(core, 'GET /photos/k')).text).toBe('one');
  });

  it('keep the one that was written before as the null version', async () => {
    const { core } = await withCat();
    await setVersioning(core, 'Enabled');
    expect(await send(core, 'GET /photos/cat.jpg')).toMatchObject({
      ...{ status: 200, headers: { 'x-amz-version-id': 'null' } },
    });
    const version = await put(core, 'cat.jpg', 'new');
    expect((await send(core, 'GET /photos/cat.jpg?versionId=null')).text).toBe('cat');
    await setVersioning(core, 'Suspended');
    // A write of the null version tells no id.
    expect(await put(core, 'cat.jpg', 'newest')).toBe('undefined');
    expect((await send(core, 'GET /photos/cat.jpg?versionId=null')).text).toBe('newest');
    expect((await send(core, `GET /photos/cat.jpg?versionId=${version}`)).text).toBe('new');
  });

  it('are copied by version, also onto the key itself', async () => {
    const core = await enabledCore();
    const first = await put(core, 'k', 'one');
    await put(core, 'k', 'two');
    const copied = await send(core, 'PUT /photos/k', {
      headers: { 'x-amz-copy-source': `/photos/k?versionId=${first}` },
    });
    expect(copied).toMatchObject({
      ...{ status: 200, headers: { 'x-amz-copy-source-version-id': first } },
    });
    expect(copied.headers['x-amz-version-id']).not.toBe(first);
    expect((await send(core, 'GET /photos/k')).text).toBe('one');
    const { headers } = await send(core, 'DELETE /photos/k');
    const source = `/photos/k?versionId=${headers['x-amz-version-id']}`;
    for (const [from, code] of [
      [source, 'InvalidRequest'],
      ['/photos/k', 'NoSuchKey'],
    ] as const) {
      const answer = await send(core, 'PUT /photos/l', { headers: { 'x-amz-copy-source': from } });
      expect(answer.code).toBe(code);
    }
  });

  it('answer a repeated CompleteMultipartUpload with the same version', async () => {
    const core = await enabledCore();
    const created = await send(core, 'POST /photos/k?uploads');
    const uploadId = created.xml('InitiateMultipartUploadResult').textOf('UploadId');
    const part = await send(core, `PUT /photos/k?partNumber=1&uploadId=${uploadId}`, { body: 'x' });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    const versions: unknown[] = [];
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const answer = await send(core, `POST /photos/k?uploadId=${uploadId}`, { body });
      versions.push(answer.headers['x-amz-version-id']);
    }
    expect(versions[0]).toMatch(/^.{32}$/);
    expect(versions[1]).toBe(versions[0]);
  });
});

describe('DeleteObjects with versions', () => {
  it('tells what became of each', async () => {
    const core = await enabledCore();
    const version = await put(core, 'k', 'one');
    const marker = String((await send(core, 'DELETE /photos/l')).headers['x-amz-version-id']);
    const body = `<Delete><Object><Key>k</Key><VersionId>${version}</VersionId></Object>
      <Object><Key>l</Key><VersionId>${marker}</VersionId></Object><Object><Key>m</Key></Object></Delete>`;
    const answer = await send(core, 'POST /photos?delete', {
      headers: { 'content-md5': 'x' },
      body,
    });
    const deleted = answer
      .xml('DeleteResult')
      .list('Deleted')
      .map((element) => Object.fromEntries(element.children.map(({ name, text }) => [name, text])));
    expect(deleted).toEqual([
      { Key: 'k', VersionId: version },
      { Key: 'l', VersionId: marker, DeleteMarker: 'true', DeleteMarkerVersionId: marker },
      { Key: 'm', DeleteMarker: 'true', DeleteMarkerVersionId: expect.stringMatching(/^.{32}$/) },
    ]);
  });
});

describe('ListObjectVersions', () => {
  async function list(core: TestCore, query: string) {
    const result = (await send(core, `GET /photos?versions&${query}`)).xml('ListVersionsResult');
    const rows = result.children
      .filter(({ name }) => name === 'Version' || name === 'DeleteMarker')
      .map((element) =>
        [
          element.name,
          element.textOf('Key'),
          element.textOf('VersionId'),
          element.textOf('IsLatest'),
        ].join(' '),
      );
    return { result, rows };
  }

  it('gives versions and delete markers in one order, page by page', async () => {
    const core = await enabledCore();
    const [one, two] = [await put(core, 'a', '1'), await put(core, 'a', '22')];
    const marker = String((await send(core, 'DELETE /photos/a')).headers['x-amz-version-id']);
    const b = await put(core, 'b/1', 'x');
    const expected = [
      `DeleteMarker a ${marker} true`,
      `Version a ${two} false`,
      `Version a ${one} false`,
      `Version b/1 ${b} true`,
    ];
    expect((await list(core, '')).rows).toEqual(expected);
    const paged: string[] = [];
    for (let query = ''; ; ) {
      const { result, rows } = await list(core, `max-keys=1${query}`);
      paged.push(...rows);
      if (result.textOf('IsTruncated') !== 'true') break;
      const [key, version] = ['NextKeyMarker', 'NextVersionIdMarker'].map((name) =>
        result.textOf(name),
      );
      query = `&key-marker=${key}&version-id-marker=${version}`;
    }
    expect(paged).toEqual(expected);
    const { result, rows } = await list(core, 'delimiter=/&key-marker=a');
    expect(rows).toEqual([]);
    expect(result.find('CommonPrefixes')?.textOf('Prefix')).toBe('b/');
  });

  it('goes on behind a version that was deleted meanwhile', async () => {
    const core = await enabledCore();
    for (const body of ['1', '22', '333', '4444']) await put(core, 'a', body);
    let query = 'max-keys=1';
    for (let left = 4; left > 0; left -= 1) {
      const { result, rows } = await list(core, query);
      const [, , version = '', isLatest] = rows[0]?.split(' ') ?? [];
      expect(isLatest).toBe('true');
      await send(core, `DELETE /photos/a?versionId=${version}`);
      expect(result.textOf('IsTruncated')).toBe(String(left > 1));
      query = `max-keys=1&key-marker=a&version-id-marker=${version}`;
    }
    expect((await list(core, '')).rows).toEqual([]);
  });

  it.each([
    ['version-id-marker=null', 'A version-id marker cannot be specified without a key marker.'],
    ['key-marker=a&version-id-marker=v1', 'Invalid version id specified'],
  ])('%s is no marker', async (query, message) => {
    const core = await enabledCore();
    const answer = await send(core, `GET /photos?versions&${query}`);
    expect(answer).toMatchObject({ code: 'InvalidArgument', facts: { message } });
  });
});
