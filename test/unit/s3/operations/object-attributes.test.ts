import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { newPart } from '../../../support/new-records.ts';
import { send } from '../../../support/s3-operations.ts';
import { startUpload } from '../../../support/uploads.ts';

const all = 'ETag,Checksum,ObjectParts,StorageClass,ObjectSize';
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

async function attributes(
  core: TestCore,
  names: string,
  headers: Record<string, string> = {},
  key = 'cat.jpg',
) {
  return await send(core, `GET /photos/${key}?attributes`, {
    headers: { 'x-amz-object-attributes': names, ...headers },
  });
}

/** An object of five parts, each with a checksum of its own. */
async function completed(core: TestCore): Promise<string> {
  const upload = await startUpload(core, { key: 'film.mp4', checksumAlgorithm: 'SHA256' });
  const numbers = [1, 2, 4, 6, 7];
  for (const number of numbers) {
    const value = sha256(`part ${number}`);
    const checksum = { algorithm: 'SHA256', type: 'FULL_OBJECT', value } as const;
    await core.index.putPart({ ...newPart(upload, number), checksum });
  }
  const { parts } = await core.index.listParts(upload.uploadId, 0, 10);
  await core.index.completeUpload({
    bucketId: core.bucket.id,
    key: upload.key,
    uploadId: upload.uploadId,
    parts,
    etag: `${md5('')}-5`,
    checksum: { algorithm: 'SHA256', type: 'COMPOSITE', value: `${sha256('')}-5` },
    lastModifiedMs: 1,
  });
  return upload.key;
}

describe('GetObjectAttributes', () => {
  it('tells what was asked for and nothing else', async () => {
    const core = await createTestCore();
    const headers = { 'x-amz-checksum-sha256': sha256('meow'), 'x-amz-storage-class': 'GLACIER' };
    await send(core, 'PUT /photos/cat.jpg', { body: 'meow', headers });
    const whole = await attributes(core, all);
    expect(whole.headers['last-modified']).toMatch(/ GMT$/);
    expect(whole.text).toContain(
      `<ETag>${md5('meow')}</ETag><Checksum><ChecksumSHA256>${sha256('meow')}</ChecksumSHA256>` +
        '<ChecksumType>FULL_OBJECT</ChecksumType></Checksum>' +
        '<StorageClass>GLACIER</StorageClass><ObjectSize>4</ObjectSize></',
    );
    const some = (await attributes(core, ' ObjectSize , ETag')).xml('GetObjectAttributesResponse');
    expect(some.children.map(({ name }) => name)).toEqual(['ETag', 'ObjectSize']);
  });

  it('pages through the parts of an upload', async () => {
    const core = await createTestCore();
    const key = await completed(core);
    const pageAfter = async (marker: number) => {
      const headers = { 'x-amz-max-parts': '2', 'x-amz-part-number-marker': String(marker) };
      const answer = await attributes(core, 'ObjectParts', headers, key);
      const [parts] = answer.xml('GetObjectAttributesResponse').list('ObjectParts');
      return {
        numbers: parts?.list('Part').map((part) => part.textOf('PartNumber')),
        checksums: parts?.list('Part').map((part) => part.textOf('ChecksumSHA256')),
        next: parts?.textOf('NextPartNumberMarker'),
        isTruncated: parts?.textOf('IsTruncated'),
        count: parts?.textOf('PartsCount'),
      };
    };
    expect(await pageAfter(0)).toEqual({
      numbers: ['1', '2'],
      checksums: [sha256('part 1'), sha256('part 2')],
      next: '2',
      isTruncated: 'true',
      count: '5',
    });
    expect(await pageAfter(2)).toMatchObject({ numbers: ['4', '6'], isTruncated: 'true' });
    expect(await pageAfter(6)).toMatchObject({ numbers: ['7'], next: '7', isTruncated: 'false' });
    expect(await pageAfter(7)).toMatchObject({ numbers: [], next: '0', isTruncated: 'false' });
  });

  it.each(['', 'Size', 'ETag,,Checksum', 'etag'])('refuses to tell %j', async (names) => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'meow' });
    expect((await attributes(core, names)).code).toBe('InvalidArgument');
  });

  it.each([
    ['x-amz-max-parts', '-1'],
    ['x-amz-max-parts', 'many'],
    ['x-amz-part-number-marker', '1.5'],
  ])('refuses %s: %s', async (name, value) => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'meow' });
    const refused = await attributes(core, all, { [name]: value });
    expect(refused).toMatchObject({ code: 'InvalidArgument', facts: { ArgumentName: name } });
  });

  it('is for those who may read the object', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'meow' });
    const asked = { headers: { 'x-amz-object-attributes': 'ETag' }, caller: core.bob };
    const line = 'GET /photos/cat.jpg?attributes';
    expect((await send(core, line, asked)).code).toBe('AccessDenied');
    expect((await attributes(core, 'ETag', {}, 'none')).code).toBe('NoSuchKey');
  });
});
