import { beforeEach, describe, expect, it } from 'vitest';
import { anonymousCaller } from '../../../../src/core/access/anonymous.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const group = 'http://acs.amazonaws.com/groups/global';
let core: TestCore;

/** Grants of an answered ACL, as `who: permission`. */
async function grantsOf(target: string, caller = core.alice): Promise<readonly string[]> {
  const response = await send(core, `GET ${target}`, { caller });
  expect(response.status).toBe(200);
  const list = response.xml('AccessControlPolicy').find('AccessControlList');
  return (list?.children ?? []).map((grant) => {
    const grantee = grant.find('Grantee');
    const who = grantee?.textOf('URI')?.slice(group.length + 1) ?? grantee?.textOf('DisplayName');
    return `${who}: ${grant.textOf('Permission')}`;
  });
}

async function ownerOf(target: string, caller = core.alice): Promise<string | null | undefined> {
  const response = await send(core, `GET ${target}`, { caller });
  return response.xml('AccessControlPolicy').find('Owner')?.textOf('DisplayName');
}

const codeOf = async (line: string, sent: Parameters<typeof send>[2] = {}) =>
  (await send(core, line, sent)).code;

function policy(grants: string, ownerId = core.alice.userId): string {
  return `<AccessControlPolicy><Owner><ID>${ownerId}</ID></Owner><AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;
}

function grant(grantee: string, permission = 'READ'): string {
  return `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">${grantee}</Grantee><Permission>${permission}</Permission></Grant>`;
}

beforeEach(async () => {
  core = await createTestCore();
  await send(core, 'PUT /photos/cat', { body: 'cat' });
});

describe('ACLs', () => {
  it.each(['/photos?acl', '/photos/cat?acl'])(
    'of %s say at first that it is its owner’s',
    async (target) => {
      const { text } = await send(core, `GET ${target}`);
      expect(text).toBe(
        `<?xml version="1.0" encoding="UTF-8"?>\n<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>${core.alice.userId}</ID><DisplayName>alice</DisplayName></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${core.alice.userId}</ID><DisplayName>alice</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`,
      );
    },
  );

  it.each<[string, readonly string[]]>([
    ['private', []],
    ['public-read', ['AllUsers: READ']],
    ['public-read-write', ['AllUsers: READ', 'AllUsers: WRITE']],
    ['authenticated-read', ['AuthenticatedUsers: READ']],
    ['bucket-owner-read', []],
    ['bucket-owner-full-control', []],
    ['aws-exec-read', []],
  ])('that are called %s', async (name, groups) => {
    const headers = { 'x-amz-acl': name };
    const expected = [...groups, 'alice: FULL_CONTROL'];
    for (const target of ['/photos?acl', '/photos/cat?acl']) {
      expect((await send(core, `PUT ${target}`, { headers })).status).toBe(200);
      expect(await grantsOf(target)).toEqual(expected);
    }
    await send(core, 'PUT /photos/dog', { headers });
    expect(await grantsOf('/photos/dog?acl')).toEqual(expected);
    await send(core, 'PUT /photos/copy', {
      headers: { ...headers, 'x-amz-copy-source': 'photos/cat' },
    });
    expect(await grantsOf('/photos/copy?acl')).toEqual(expected);
  });

  it('that are called log-delivery-write are for buckets', async () => {
    const headers = { 'x-amz-acl': 'log-delivery-write' };
    expect((await send(core, 'PUT /photos?acl', { headers })).status).toBe(200);
    expect((await send(core, 'GET /photos?acl')).text).toContain('/groups/s3/LogDelivery');
    expect(await codeOf('PUT /photos/cat?acl', { headers })).toBe('InvalidArgument');
  });

  it('come grant by grant in headers, and then give the owner nothing by themselves', async () => {
    const headers = {
      'x-amz-grant-read': `uri="${group}/AllUsers", id="${core.bob.userId}"`,
      'x-amz-grant-write-acp': `emailAddress=bob`,
    };
    await send(core, 'PUT /photos/dog', { headers });
    const expected = ['AllUsers: READ', 'bob: READ', 'bob: WRITE_ACP'];
    expect(await grantsOf('/photos/dog?acl')).toEqual(expected);
    await send(core, 'PUT /photos?acl', { headers });
    expect(await grantsOf('/photos?acl')).toEqual(expected);
  });

  it('come as documents', async () => {
    const grants = [
      grant(`<ID>${core.bob.userId}</ID>`, 'FULL_CONTROL'),
      grant(`<URI>${group}/AuthenticatedUsers</URI>`),
      grant('<EmailAddress>bob</EmailAddress>', 'WRITE'),
    ].join('');
    for (const target of ['/photos?acl', '/photos/cat?acl']) {
      expect((await send(core, `PUT ${target}`, { body: policy(grants) })).status).toBe(200);
      expect(await grantsOf(target)).toEqual([
        'AuthenticatedUsers: READ',
        'bob: FULL_CONTROL',
        'bob: WRITE',
      ]);
    }
    await send(core, 'PUT /photos?acl', { body: policy('') });
    expect(await grantsOf('/photos?acl')).toEqual([]);
  });

  it('of an upload become those of the object', async () => {
    const headers = { 'x-amz-acl': 'public-read' };
    const created = await send(core, 'POST /photos/big?uploads', { headers });
    const uploadId = created.xml('InitiateMultipartUploadResult').textOf('UploadId');
    const part = await send(core, `PUT /photos/big?partNumber=1&uploadId=${uploadId}`, {
      body: 'x',
    });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    expect((await send(core, `POST /photos/big?uploadId=${uploadId}`, { body })).status).toBe(200);
    expect(await grantsOf('/photos/big?acl')).toEqual(['AllUsers: READ', 'alice: FULL_CONTROL']);
  });

  it.each<[string, string, Record<string, string>, string | ((alice: string) => string)]>([
    ['no ACL', 'MissingSecurityHeader', {}, ''],
    ['two ACLs', 'UnexpectedContent', { 'x-amz-acl': 'private' }, policyOf('')],
    [
      'a name and grants',
      'InvalidRequest',
      { 'x-amz-acl': 'private', 'x-amz-grant-read': 'id=a' },
      '',
    ],
    ['no such name', 'InvalidArgument', { 'x-amz-acl': 'open' }, ''],
    ['no such grantee', 'InvalidArgument', { 'x-amz-grant-read': 'name=a' }, ''],
    ['half a quote', 'InvalidArgument', { 'x-amz-grant-read': 'id="a' }, ''],
    ['no such user', 'InvalidArgument', { 'x-amz-grant-read': 'id=nobody' }, ''],
    ['no such group', 'InvalidArgument', { 'x-amz-grant-read': `uri=${group}/Friends` }, ''],
    [
      'no such address',
      'UnresolvableGrantByEmailAddress',
      { 'x-amz-grant-read': 'emailAddress=a@b' },
      '',
    ],
    ['no such user in XML', 'InvalidArgument', {}, policyOf(grant('<ID>nobody</ID>'))],
    ['no such group in XML', 'InvalidArgument', {}, policyOf(grant('<URI>a:b</URI>'))],
    ['no such permission', 'MalformedACLError', {}, policyOf(grant('<ID>a</ID>', 'EXECUTE'))],
    ['two grantees in one', 'MalformedACLError', {}, policyOf(grant('<ID>a</ID><URI>b</URI>'))],
    ['no grantee', 'MalformedACLError', {}, policyOf(grant('<DisplayName>bob</DisplayName>'))],
    [
      'no owner',
      'MalformedACLError',
      {},
      '<AccessControlPolicy><AccessControlList/></AccessControlPolicy>',
    ],
    [
      'no list',
      'MalformedACLError',
      {},
      '<AccessControlPolicy><Owner><ID>a</ID></Owner></AccessControlPolicy>',
    ],
    ['another root', 'MalformedXML', {}, '<Acl/>'],
    ['no XML', 'MalformedXML', {}, 'private'],
    [
      '101 grants',
      'MalformedACLError',
      {},
      policyOf(grant(`<URI>${group}/AllUsers</URI>`).repeat(101)),
    ],
    ['another owner', 'AccessDenied', {}, () => policy('', 'b'.repeat(64))],
  ])('with %s are refused as %s', async (_what, code, headers, body) => {
    const text = typeof body === 'string' ? body : body(core.alice.userId);
    for (const target of ['/photos?acl', '/photos/cat?acl']) {
      const response = await send(core, `PUT ${target}`, { headers, body: text });
      expect([target, response.code]).toEqual([target, code]);
      expect(await grantsOf(target)).toEqual(['alice: FULL_CONTROL']);
    }
  });

  it.each(['GET', 'PUT'])('%s of what is not there is an error', async (method) => {
    const headers = { 'x-amz-acl': 'private' };
    expect(await codeOf(`${method} /photos/none?acl`, { headers })).toBe('NoSuchKey');
    expect(await codeOf(`${method} /nowhere?acl`, { headers })).toBe('NoSuchBucket');
  });
});

/** A document of alice's, whose id tests know before there is an alice. */
function policyOf(grants: string): (alice: string) => string {
  return (alice) => policy(grants, alice);
}

describe('what ACLs let do', () => {
  const bob = () => ({ caller: core.bob });
  const anyone = { caller: anonymousCaller };

  it('lets everybody read a public object', async () => {
    await send(core, 'PUT /photos/cat?acl', { headers: { 'x-amz-acl': 'public-read' } });
    expect((await send(core, 'GET /photos/cat', anyone)).text).toBe('cat');
    expect(await codeOf('GET /photos/cat?response-expires=0', anyone)).toBe('InvalidRequest');
    expect(await codeOf('GET /photos', anyone)).toBe('AccessDenied');
    expect(await codeOf('GET /photos/dog', anyone)).toBe('AccessDenied');
    expect(await codeOf('DELETE /photos/cat', bob())).toBe('AccessDenied');
  });

  it('tells readers of the bucket which keys there are not', async () => {
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read' } });
    expect((await send(core, 'GET /photos', anyone)).text).toContain('<Key>cat</Key>');
    expect(await codeOf('GET /photos/cat', anyone)).toBe('AccessDenied');
    expect(await codeOf('GET /photos/dog', anyone)).toBe('NoSuchKey');
    expect(await codeOf('PUT /photos/dog', anyone)).toBe('AccessDenied');
  });

  it('makes writers owners of what they write', async () => {
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read-write' } });
    expect((await send(core, 'PUT /photos/bobs', { ...bob(), body: 'b' })).status).toBe(200);
    expect(await codeOf('GET /photos/bobs')).toBe('AccessDenied');
    expect(await codeOf('GET /photos/bobs?acl')).toBe('AccessDenied');
    expect(await ownerOf('/photos/bobs?acl', core.bob)).toBe('bob');
    await send(core, 'PUT /photos/bobs?acl', {
      ...bob(),
      headers: { 'x-amz-acl': 'bucket-owner-read' },
    });
    expect((await send(core, 'GET /photos/bobs')).text).toBe('b');
    expect((await send(core, 'DELETE /photos/bobs')).status).toBe(204);
  });

  it('and no policy lets do it to what others own in the bucket', async () => {
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read-write' } });
    await send(core, 'PUT /photos/bobs', { ...bob(), body: 'b' });
    const statement = {
      ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
      Resource: 'arn:aws:s3:::photos/*',
    };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await core.index.setBucketSetting(core.bucket.id, 'policy', policy);
    expect((await send(core, 'GET /photos/cat', anyone)).text).toBe('cat');
    expect(await codeOf('GET /photos/bobs', anyone)).toBe('AccessDenied');
    expect(await codeOf('GET /photos/bobs')).toBe('AccessDenied');
    expect((await send(core, 'GET /photos/bobs', bob())).text).toBe('b');
  });

  it('gives to everybody what somebody unknown wrote', async () => {
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read-write' } });
    await send(core, 'PUT /photos/gift', { ...anyone, body: 'g' });
    expect(await ownerOf('/photos/gift?acl', anonymousCaller)).toBe('anonymous');
    expect((await send(core, 'GET /photos/gift', anyone)).text).toBe('g');
    expect(await codeOf('GET /photos/gift')).toBe('AccessDenied');
  });
});

describe('ownership controls', () => {
  const controls = (ownership: string) =>
    `<OwnershipControls><Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule></OwnershipControls>`;
  const put = (ownership: string) =>
    send(core, 'PUT /photos?ownershipControls', { body: controls(ownership) });

  it('are told, changed and taken away', async () => {
    expect(await codeOf('GET /photos?ownershipControls')).toBe('OwnershipControlsNotFoundError');
    for (const ownership of ['BucketOwnerPreferred', 'ObjectWriter', 'BucketOwnerEnforced']) {
      expect((await put(ownership)).status).toBe(200);
      const { text } = await send(core, 'GET /photos?ownershipControls');
      expect(text).toContain(`<Rule><ObjectOwnership>${ownership}</ObjectOwnership></Rule>`);
    }
    for (let time = 0; time < 2; time += 1) {
      expect((await send(core, 'DELETE /photos?ownershipControls')).status).toBe(204);
    }
    expect(await codeOf('GET /photos?ownershipControls')).toBe('OwnershipControlsNotFoundError');
  });

  it.each(['Everybody', ''])('%j is no ownership', async (ownership) => {
    expect((await put(ownership)).code).toBe('MalformedXML');
  });

  it('BucketOwnerEnforced knows no ACLs but the one that holds anyway', async () => {
    await put('BucketOwnerEnforced');
    const publicly = { headers: { 'x-amz-acl': 'public-read' } };
    for (const line of [
      'PUT /photos/a',
      'POST /photos/a?uploads',
      'PUT /photos?acl',
      'PUT /photos/cat?acl',
    ]) {
      expect([line, await codeOf(line, publicly)]).toEqual([line, 'AccessControlListNotSupported']);
    }
    for (const headers of [
      { 'x-amz-acl': 'bucket-owner-full-control' },
      { 'x-amz-acl': 'private' },
      { 'x-amz-grant-full-control': `id=${core.alice.userId}` },
    ]) {
      for (const line of ['PUT /photos/a', 'PUT /photos?acl', 'PUT /photos/cat?acl']) {
        expect((await send(core, line, { headers })).status).toBe(200);
      }
    }
    expect(await grantsOf('/photos/a?acl')).toEqual(['alice: FULL_CONTROL']);
  });

  it('BucketOwnerEnforced gives the owner of the bucket what others wrote, as long as it lasts', async () => {
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read-write' } });
    await send(core, 'PUT /photos/bobs', { caller: core.bob, body: 'b' });
    expect((await put('BucketOwnerEnforced')).code).toBe('InvalidBucketAclWithObjectOwnership');
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'private' } });
    await put('BucketOwnerEnforced');
    expect((await send(core, 'GET /photos/bobs')).text).toBe('b');
    expect(await ownerOf('/photos/bobs?acl')).toBe('alice');
    expect(await codeOf('GET /photos/bobs', { caller: core.bob })).toBe('AccessDenied');
    await put('ObjectWriter');
    expect(await codeOf('GET /photos/bobs')).toBe('AccessDenied');
    expect((await send(core, 'GET /photos/bobs', { caller: core.bob })).text).toBe('b');
  });

  it('BucketOwnerPreferred makes the owner of the bucket owner of what is given up', async () => {
    await put('BucketOwnerPreferred');
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read-write' } });
    await send(core, 'PUT /photos/kept', { caller: core.bob });
    await send(core, 'PUT /photos/given', {
      caller: core.bob,
      headers: { 'x-amz-acl': 'bucket-owner-full-control' },
    });
    expect(await ownerOf('/photos/kept?acl', core.bob)).toBe('bob');
    expect(await ownerOf('/photos/given?acl')).toBe('alice');
    expect(await grantsOf('/photos/given?acl')).toEqual(['alice: FULL_CONTROL']);
    expect(await codeOf('GET /photos/given', { caller: core.bob })).toBe('AccessDenied');
  });

  it('tell an upload whose object it will be', async () => {
    await put('BucketOwnerPreferred');
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read-write' } });
    const created = await send(core, 'POST /photos/big?uploads', {
      caller: core.bob,
      headers: { 'x-amz-acl': 'bucket-owner-full-control' },
    });
    const uploadId = created.xml('InitiateMultipartUploadResult').textOf('UploadId');
    const line = `GET /photos/big?uploadId=${uploadId}`;
    const listed = (await send(core, line, { caller: core.bob })).xml('ListPartsResult');
    expect(listed.find('Initiator')?.textOf('DisplayName')).toBe('bob');
    expect(listed.find('Owner')?.textOf('DisplayName')).toBe('alice');
    const others = { caller: anonymousCaller };
    expect(await codeOf(line, others)).toBe('AccessDenied');
    expect(await codeOf(line.replace('GET', 'DELETE'), others)).toBe('AccessDenied');
    expect((await send(core, line.replace('GET', 'DELETE'), { caller: core.bob })).status).toBe(
      204,
    );
  });
});

describe('the public access block', () => {
  const block = (elements: string) =>
    send(core, 'PUT /photos?publicAccessBlock', {
      body: `<PublicAccessBlockConfiguration>${elements}</PublicAccessBlockConfiguration>`,
    });

  it('is told, changed and taken away', async () => {
    const missing = 'NoSuchPublicAccessBlockConfiguration';
    expect(await codeOf('GET /photos?publicAccessBlock')).toBe(missing);
    const elements =
      '<BlockPublicAcls>true</BlockPublicAcls><RestrictPublicBuckets>TRUE</RestrictPublicBuckets>';
    expect((await block(elements)).status).toBe(200);
    expect((await send(core, 'GET /photos?publicAccessBlock')).text).toContain(
      '<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>',
    );
    for (let time = 0; time < 2; time += 1) {
      expect((await send(core, 'DELETE /photos?publicAccessBlock')).status).toBe(204);
    }
    expect(await codeOf('GET /photos?publicAccessBlock')).toBe(missing);
  });

  it.each(['<BlockEverything>true</BlockEverything>', '<BlockPublicAcls>yes</BlockPublicAcls>'])(
    '%s is malformed',
    async (elements) => {
      expect((await block(elements)).code).toBe('MalformedXML');
    },
  );

  it.each(['public-read', 'public-read-write', 'authenticated-read'])(
    'keeps the ACL %s from being given',
    async (name) => {
      await block('<BlockPublicAcls>true</BlockPublicAcls>');
      const headers = { 'x-amz-acl': name };
      for (const line of [
        'PUT /photos?acl',
        'PUT /photos/cat?acl',
        'PUT /photos/a',
        'POST /photos/a?uploads',
      ]) {
        expect([line, await codeOf(line, { headers })]).toEqual([line, 'AccessDenied']);
      }
      expect(await core.keys()).toEqual(['cat']);
    },
  );

  it('takes back what public ACLs gave', async () => {
    await send(core, 'PUT /photos?acl', { headers: { 'x-amz-acl': 'public-read' } });
    await send(core, 'PUT /photos/cat?acl', { headers: { 'x-amz-acl': 'public-read' } });
    await block('<IgnorePublicAcls>true</IgnorePublicAcls>');
    for (const caller of [core.bob, anonymousCaller]) {
      expect(await codeOf('GET /photos', { caller })).toBe('AccessDenied');
      expect(await codeOf('GET /photos/cat', { caller })).toBe('AccessDenied');
    }
    expect((await send(core, 'GET /photos/cat')).text).toBe('cat');
  });
});

describe('a new bucket', () => {
  it('has no ACLs and lets nobody make it public, unless settings say otherwise', async () => {
    await send(core, 'PUT /films');
    expect((await send(core, 'GET /films?ownershipControls')).text).toContain(
      'BucketOwnerEnforced',
    );
    expect((await send(core, 'GET /films?publicAccessBlock')).text).not.toContain('false');
    core = await createTestCore({
      newBuckets: { objectOwnership: 'ObjectWriter', blocksPublicAccess: false },
    });
    await send(core, 'PUT /films');
    expect(await codeOf('GET /films?ownershipControls')).toBe('OwnershipControlsNotFoundError');
    expect(await codeOf('GET /films?publicAccessBlock')).toBe(
      'NoSuchPublicAccessBlockConfiguration',
    );
  });

  it.each<[Record<string, string>, string | null]>([
    [{ 'x-amz-acl': 'private' }, null],
    [{ 'x-amz-object-ownership': 'ObjectWriter' }, null],
    [{ 'x-amz-object-ownership': 'ObjectWriter', 'x-amz-acl': 'log-delivery-write' }, null],
    [{ 'x-amz-acl': 'public-read' }, 'InvalidBucketAclWithObjectOwnership'],
    [
      { 'x-amz-object-ownership': 'ObjectWriter', 'x-amz-acl': 'public-read' },
      'InvalidBucketAclWithBlockPublicAccessError',
    ],
    [{ 'x-amz-object-ownership': 'Mine' }, 'InvalidArgument'],
    [{ 'x-amz-acl': 'open' }, 'InvalidArgument'],
  ])('with %j is %s', async (headers, code) => {
    expect(await codeOf('PUT /films', { headers })).toBe(code);
  });

  it('keeps its ACL when it is made again', async () => {
    core = await createTestCore({
      newBuckets: { objectOwnership: 'ObjectWriter', blocksPublicAccess: false },
    });
    const headers = { 'x-amz-acl': 'public-read' };
    expect((await send(core, 'PUT /films', { headers })).status).toBe(200);
    expect((await send(core, 'PUT /films', { headers })).status).toBe(200);
    expect(await codeOf('PUT /films')).toBe('BucketAlreadyExists');
    expect(await grantsOf('/films?acl')).toEqual(['AllUsers: READ', 'alice: FULL_CONTROL']);
  });
});
