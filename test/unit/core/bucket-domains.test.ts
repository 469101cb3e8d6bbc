import { expect, it } from 'vitest';
import {
  addBucketDomain,
  domainOfHost,
  removeBucketDomain,
} from '../../../src/core/bucket-domains.ts';
import { createTestCore } from '../../support/core-services.ts';

it.each([
  ['Img.Example.COM', 'img.example.com'],
  ['img.example.com:8080', 'img.example.com'],
  ['img.example.com.', 'img.example.com'],
  ['localhost', 'localhost'],
  ['10.1.2.3:80', '10.1.2.3'],
  ['', null],
  [null, null],
  ['[::1]:80', null],
  ['a..b', null],
  ['a b', null],
  ['图.example.com', null],
  [`${'a'.repeat(64)}.com`, null],
])('Host %s is domain %s', (host, domain) => {
  expect(domainOfHost(host)).toBe(domain);
});

it('gives a domain to one bucket', async () => {
  const core = await createTestCore();
  expect(await addBucketDomain(core, core.bucket, 'IMG.example.com')).toBe('img.example.com');
  const { bucket: other } = await core.index.createBucket({ ...core.bucket, name: 'other' });
  await expect(addBucketDomain(core, other, 'img.example.com')).rejects.toMatchObject({
    code: 'EntityAlreadyExists',
    message: 'The domain img.example.com belongs to bucket photos.',
  });
  await expect(removeBucketDomain(core, other, 'img.example.com')).rejects.toMatchObject({
    code: 'NoSuchEntity',
  });
  expect(await removeBucketDomain(core, core.bucket, 'img.example.com')).toBe('img.example.com');
});

it.each(['http://a.example.com', 'a.example.com:80', 'a.example.com/x', '', '*.example.com'])(
  'takes %j for no domain',
  async (text) => {
    const core = await createTestCore();
    await expect(addBucketDomain(core, core.bucket, text)).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
  },
);
