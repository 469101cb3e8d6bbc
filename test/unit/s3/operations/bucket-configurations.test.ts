import { describe, expect, it } from 'vitest';
import { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

describe('a fresh bucket', () => {
  it.each([
    ['tagging', 'NoSuchTagSet'],
    ['encryption', 'ServerSideEncryptionConfigurationNotFoundError'],
    ['website', 'NoSuchWebsiteConfiguration'],
    ['replication', 'ReplicationConfigurationNotFoundError'],
    ['lifecycle', 'NoSuchLifecycleConfiguration'],
    ['analytics&id=a', 'NoSuchConfiguration'],
    ['intelligent-tiering&id=a', 'NoSuchConfiguration'],
    ['inventory&id=a', 'NoSuchConfiguration'],
    ['metrics&id=a', 'NoSuchConfiguration'],
  ])('GET ?%s is %s', async (query, code) => {
    expect(await send(await createTestCore(), `GET /photos?${query}`)).toMatchObject({
      status: 404,
      code,
      facts: { BucketName: 'photos' },
    });
  });

  it.each([
    ['requestPayment', 'RequestPaymentConfiguration', '<Payer>BucketOwner</Payer>'],
    ['accelerate', 'AccelerateConfiguration', ''],
    ['logging', 'BucketLoggingStatus', ''],
    ['notification', 'NotificationConfiguration', ''],
    ['abac', 'AbacStatus', '<Status>Disabled</Status>'],
    ['inventory', 'ListInventoryConfigurationsResult', '<IsTruncated>false</IsTruncated>'],
    ['metrics', 'ListMetricsConfigurationsResult', '<IsTruncated>false</IsTruncated>'],
  ])('GET ?%s has the root %s', async (query, rootName, content) => {
    const { status, text } = await send(await createTestCore(), `GET /photos?${query}`);
    expect(status).toBe(200);
    expect(text).toMatch(new RegExp(`<${rootName} xmlns="[^"]*">${content}</${rootName}>$`));
  });
});

describe('what is stored', () => {
  it.each([
    [
      'tagging',
      '<Tagging><TagSet><Tag><Key>b</Key><Value>1</Value></Tag></TagSet></Tagging>',
      '<Key>b</Key><Value>1</Value>',
    ],
    [
      'requestPayment',
      '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>',
      '<Payer>Requester</Payer>',
    ],
    [
      'accelerate',
      '<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>',
      '<Status>Suspended</Status>',
    ],
  ])('?%s', async (subresource, body, content) => {
    const core = await createTestCore();
    expect([200, 204]).toContain((await send(core, `PUT /photos?${subresource}`, { body })).status);
    expect((await send(core, `GET /photos?${subresource}`)).text).toContain(content);
  });

  it('can be as it is without', async () => {
    const core = await createTestCore();
    for (const [subresource, body] of [
      ['logging', '<BucketLoggingStatus/>'],
      ['notification', '<NotificationConfiguration></NotificationConfiguration>'],
      ['abac', '<AbacStatus><Status>Disabled</Status></AbacStatus>'],
    ] as const) {
      expect((await send(core, `PUT /photos?${subresource}`, { body })).status).toBe(200);
    }
  });

  it.each(['tagging', 'encryption', 'website', 'replication', 'lifecycle'])(
    'DELETE ?%s is 204, and the bucket stays',
    async (subresource) => {
      const core = await createTestCore();
      const body = '<Tagging><TagSet><Tag><Key>b</Key><Value>1</Value></Tag></TagSet></Tagging>';
      await send(core, 'PUT /photos?tagging', { body });
      expect((await send(core, `DELETE /photos?${subresource}`)).status).toBe(204);
      const { code } = await send(core, 'GET /photos?tagging');
      expect(code).toBe(subresource === 'tagging' ? 'NoSuchTagSet' : null);
    },
  );
});

describe('a promise that would not be kept', () => {
  it.each([
    ['accelerate', '<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>'],
    ['abac', '<AbacStatus><Status>Enabled</Status></AbacStatus>'],
    [
      'logging',
      '<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket></LoggingEnabled></BucketLoggingStatus>',
    ],
    [
      'notification',
      '<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>',
    ],
    [
      'encryption',
      '<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>',
    ],
    ['website', '<WebsiteConfiguration/>'],
    ['replication', '<ReplicationConfiguration/>'],
    ['lifecycle', '<LifecycleConfiguration><Rule/></LifecycleConfiguration>'],
    ['inventory&id=a', '<InventoryConfiguration/>'],
  ])('PUT ?%s is refused', async (query, body) => {
    const core = await createTestCore();
    const before = await send(core, `GET /photos?${query}`);
    expect(await send(core, `PUT /photos?${query}`, { body })).toMatchObject({
      status: 501,
      code: 'NotImplemented',
    });
    expect(await send(core, `GET /photos?${query}`)).toMatchObject({
      status: before.status,
      text: before.text,
    });
  });

  it.each([
    ['requestPayment', '<RequestPaymentConfiguration/>', 'MalformedXML'],
    [
      'requestPayment',
      '<RequestPaymentConfiguration><Payer>me</Payer></RequestPaymentConfiguration>',
      'MalformedXML',
    ],
    ['accelerate', '<AccelerateConfiguration/>', 'MalformedXML'],
    ['logging', '<Logging/>', 'MalformedXML'],
    ['logging', '', 'MissingRequestBodyError'],
    ['website', '<WebsiteConfiguration', 'MalformedXML'],
  ])('PUT ?%s of %j is %s', async (subresource, body, code) => {
    const core = await createTestCore();
    expect(await send(core, `PUT /photos?${subresource}`, { body })).toMatchObject({ code });
  });
});

describe('a bucket whose requester pays', () => {
  async function requesterPays() {
    const core = await createTestCore();
    await send(core, 'PUT /photos?requestPayment', {
      body: '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>',
    });
    return core;
  }

  it('charges neither its owner nor root', async () => {
    const core = await requesterPays();
    for (const caller of [core.alice, core.root]) {
      const { status, headers } = await send(core, 'GET /photos', { caller });
      expect(status).toBe(200);
      expect(headers['x-amz-request-charged']).toBeUndefined();
    }
  });
});
