import { describe, expect, it } from 'vitest';
import { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

describe('CreateBucket', () => {
  it('answers where the bucket is', async () => {
    const core = await createTestCore();
    const response = await send(core, 'PUT /films');
    expect(response).toMatchObject({ status: 200, headers: { location: '/films' } });
    expect(await core.index.findBucket('films')).toMatchObject({ locationConstraint: null });
  });

  it('keeps the LocationConstraint for GetBucketLocation', async () => {
    const core = await createTestCore();
    const body =
      '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>';
    await send(core, 'PUT /films', { body });
    const location = await send(core, 'GET /films?location');
    expect(location.xml('LocationConstraint').text).toBe('eu-west-1');
  });

  it.each([
    ['<CreateBucketConfiguration>', 'MalformedXML'],
    ['<Other/>', 'MalformedXML'],
    ['<CreateBucketConfiguration><Bucket/></CreateBucketConfiguration>', 'NotImplemented'],
    ['<CreateBucketConfiguration><Tags><Tag/></Tags></CreateBucketConfiguration>', 'MalformedXML'],
    [
      '<CreateBucketConfiguration><LocationConstraint>a b</LocationConstraint></CreateBucketConfiguration>',
      'InvalidLocationConstraint',
    ],
  ])('%s is %s', async (body, code) => {
    const core = await createTestCore();
    expect(await send(core, 'PUT /films', { body })).toMatchObject({ code });
    expect(await core.index.findBucket('films')).toBeNull();
  });

  it('keeps tags, and does not pretend to when there is a bucket already', async () => {
    const core = await createTestCore();
    const body =
      '<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>';
    expect((await send(core, 'PUT /films', { body })).status).toBe(200);
    expect((await send(core, 'GET /films?tagging')).text).toContain('<Key>a</Key><Value>b</Value>');
    const headers = { 'x-amz-bucket-object-lock-enabled': 'true' };
    for (const sent of [{ body }, { headers }]) {
      expect(await send(core, 'PUT /films', sent)).toMatchObject({
        code: 'BucketAlreadyOwnedByYou',
      });
    }
    expect((await send(core, 'PUT /films')).status).toBe(200);
  });

  it.each(['PUT /Films', 'PUT /192.168.1.1'])('%s is InvalidBucketName', async (line) => {
    expect(await send(await createTestCore(), line)).toMatchObject({ code: 'InvalidBucketName' });
  });
});

describe('GetBucketLocation', () => {
  it.each([
    ['us-east-1', ''],
    ['eu-central-1', 'eu-central-1'],
  ])('without LocationConstraint in %s is %j', async (region, location) => {
    const core = await createTestCore({ region });
    const response = await send(core, 'GET /photos?location');
    expect(response.xml('LocationConstraint').text).toBe(location);
  });
});

describe('HeadBucket', () => {
  it('names the region that signatures name', async () => {
    const core = await createTestCore({ region: 'eu-central-1' });
    expect(await send(core, 'HEAD /photos')).toMatchObject({
      status: 200,
      headers: { 'x-amz-bucket-region': 'eu-central-1' },
    });
  });

  it('is 404 without the bucket and 403 for other users', async () => {
    const core = await createTestCore();
    expect((await send(core, 'HEAD /none')).status).toBe(404);
    expect((await send(core, 'HEAD /photos', { caller: core.bob })).status).toBe(403);
  });
});

describe('DeleteBucket', () => {
  it('is 204, and 409 while there are objects', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'cat' });
    expect(await send(core, 'DELETE /photos')).toMatchObject({ code: 'BucketNotEmpty' });
    await send(core, 'DELETE /photos/cat.jpg');
    expect((await send(core, 'DELETE /photos')).status).toBe(204);
    expect((await send(core, 'HEAD /photos')).status).toBe(404);
  });
});

describe('ListBuckets', () => {
  it('gives owner, names and times, and continues by token', async () => {
    const core = await createTestCore();
    for (const name of ['films', 'music']) await send(core, `PUT /${name}`);
    const first = (await send(core, 'GET /?max-buckets=2')).xml('ListAllMyBucketsResult');
    expect(first.find('Owner')?.textOf('ID')).toBe(core.alice.userId);
    expect(first.find('Owner')?.textOf('DisplayName')).toBe('alice');
    const [bucket] = first.find('Buckets')?.list('Bucket') ?? [];
    expect(bucket?.textOf('Name')).toBe('films');
    expect(bucket?.textOf('CreationDate')).toBe('2024-01-01T00:00:00.000Z');
    const token = first.textOf('ContinuationToken');
    const second = await send(core, `GET /?max-buckets=2&continuation-token=${token}`);
    expect(second.text).toContain('<Name>photos</Name>');
    expect(second.xml('ListAllMyBucketsResult').textOf('ContinuationToken')).toBeNull();
  });

  it.each(['max-buckets=0', 'max-buckets=10001', 'max-buckets=x', 'continuation-token=x'])(
    '%s is refused',
    async (query) => {
      const response = await send(await createTestCore(), `GET /?${query}`);
      expect(response.code).toBe('InvalidArgument');
    },
  );

  it('of another region or prefix is empty', async () => {
    const core = await createTestCore();
    for (const query of ['bucket-region=eu-west-1', 'prefix=none']) {
      expect((await send(core, `GET /?${query}`)).text).not.toContain('<Bucket>');
    }
  });
});
