import { describe, expect, it } from 'vitest';
import { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const tagging = (tags: Record<string, string>) =>
  `<Tagging><TagSet>${Object.entries(tags)
    .map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`)
    .join('')}</TagSet></Tagging>`;

async function tagsOf(core: Awaited<ReturnType<typeof createTestCore>>, key: string) {
  const response = await send(core, `GET /photos/${key}?tagging`);
  const tags = response.xml('Tagging').find('TagSet')?.list('Tag') ?? [];
  return Object.fromEntries(tags.map((tag) => [tag.textOf('Key'), tag.textOf('Value')]));
}

describe('tags of an object', () => {
  it('are put, got, counted and deleted', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat', { body: 'cat' });
    expect(await tagsOf(core, 'cat')).toEqual({});
    const put = await send(core, 'PUT /photos/cat?tagging', { body: tagging({ b: '1', a: '2' }) });
    expect(put.status).toBe(200);
    expect(await tagsOf(core, 'cat')).toEqual({ a: '2', b: '1' });
    expect((await send(core, 'HEAD /photos/cat')).headers['x-amz-tagging-count']).toBe(2);
    expect((await send(core, 'DELETE /photos/cat?tagging')).status).toBe(204);
    expect(await tagsOf(core, 'cat')).toEqual({});
    const { headers } = await send(core, 'GET /photos/cat');
    expect(headers['x-amz-tagging-count']).toBeUndefined();
  });

  it.each(['GET', 'PUT', 'DELETE'])(
    '%s without the object or the version is 404',
    async (method) => {
      const core = await createTestCore();
      await send(core, 'PUT /photos/cat', { body: 'cat' });
      const body = tagging({ a: 'b' });
      expect(await send(core, `${method} /photos/dog?tagging`, { body })).toMatchObject({
        code: 'NoSuchKey',
      });
      const versionId = 'v'.repeat(32);
      expect(
        await send(core, `${method} /photos/cat?tagging&versionId=${versionId}`, { body }),
      ).toMatchObject({ code: 'NoSuchVersion' });
      expect(await tagsOf(core, 'cat')).toEqual({});
    },
  );

  it('are given with the write, and gone with the next one', async () => {
    const core = await createTestCore();
    const headers = { 'x-amz-tagging': 'a=1&b=2' };
    await send(core, 'PUT /photos/cat', { body: 'cat', headers });
    expect(await tagsOf(core, 'cat')).toEqual({ a: '1', b: '2' });
    await send(core, 'PUT /photos/cat', { body: 'cat' });
    expect(await tagsOf(core, 'cat')).toEqual({});
  });

  it('that are wrong store nothing', async () => {
    const core = await createTestCore();
    const headers = { 'x-amz-tagging': 'a=1&a=2' };
    expect(await send(core, 'PUT /photos/cat', { body: 'cat', headers })).toMatchObject({
      code: 'InvalidArgument',
    });
    expect(await core.keys()).toEqual([]);
    expect(await core.queued()).toEqual([]);
  });

  it.each([
    [{}, { a: '1' }],
    [{ 'x-amz-tagging': 'b=2' }, { a: '1' }],
    [{ 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'b=2' }, { b: '2' }],
    [{ 'x-amz-tagging-directive': 'REPLACE' }, {}],
  ])('are copied with %j', async (headers, expected) => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat', { body: 'cat', headers: { 'x-amz-tagging': 'a=1' } });
    const copy = { 'x-amz-copy-source': '/photos/cat', ...headers };
    expect((await send(core, 'PUT /photos/copy', { headers: copy })).status).toBe(200);
    expect(await tagsOf(core, 'copy')).toEqual(expected);
  });

  it('wait with the upload for its completion', async () => {
    const core = await createTestCore();
    const created = await send(core, 'POST /photos/cat?uploads', {
      headers: { 'x-amz-tagging': 'a=1' },
    });
    const uploadId = created.xml('InitiateMultipartUploadResult').textOf('UploadId');
    const part = await send(core, `PUT /photos/cat?partNumber=1&uploadId=${uploadId}`, {
      body: 'cat',
    });
    await send(core, `POST /photos/cat?uploadId=${uploadId}`, {
      body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`,
    });
    expect(await tagsOf(core, 'cat')).toEqual({ a: '1' });
  });
});
