import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

async function start(core: TestCore, headers: Record<string, string> = {}, key = 'film.mp4') {
  const response = await send(core, `POST /photos/${key}?uploads`, { headers });
  const result = response.xml('InitiateMultipartUploadResult');
  return { response, result, uploadId: result.textOf('UploadId') ?? '' };
}

const partXml = (number: number | string, etag: string, more = '') =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`;
const completeXml = (parts: string) =>
  `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts}</CompleteMultipartUpload>`;

async function sendPart(core: TestCore, uploadId: string, number: number, body: string) {
  const line = `PUT /photos/film.mp4?uploadId=${uploadId}&partNumber=${number}`;
  return await send(core, line, { body });
}

describe('an upload in parts', () => {
  it.each([
    ['quoted', (etag: string) => etag],
    ['escaped', (etag: string) => etag.replaceAll('"', '&quot;')],
    ['bare', (etag: string) => etag.replaceAll('"', '')],
  ])('from start to object, ETags %s', async (_name, write) => {
    const core = await createTestCore();
    const headers = { 'content-type': 'video/mp4', 'x-amz-meta-name': 'film' };
    const { result, uploadId } = await start(core, headers);
    expect([result.textOf('Bucket'), result.textOf('Key')]).toEqual(['photos', 'film.mp4']);
    const part = await sendPart(core, uploadId, 3, 'the film');
    const etag = String(part.headers.etag);
    expect(etag).toBe(`"${createHash('md5').update('the film').digest('hex')}"`);
    const response = await send(core, `POST /photos/film.mp4?uploadId=${uploadId}`, {
      body: completeXml(partXml(3, write(etag))),
    });
    const completed = response.xml('CompleteMultipartUploadResult');
    expect(completed.textOf('Bucket')).toBe('photos');
    expect(completed.textOf('Key')).toBe('film.mp4');
    expect(completed.textOf('Location')).toBe('http://s3.test/photos/film.mp4');
    expect(completed.textOf('ETag')).toMatch(/^"[0-9a-f]{32}-1"$/);
    const got = await send(core, 'GET /photos/film.mp4?partNumber=3');
    expect(got).toMatchObject({
      status: 206,
      text: 'the film',
      headers: { ...headers, 'content-range': 'bytes 0-7/8', 'x-amz-mp-parts-count': 1 },
    });
  });

  it('with checksums tells them everywhere', async () => {
    const core = await createTestCore();
    const { response, uploadId } = await start(core, { 'x-amz-checksum-algorithm': 'SHA256' });
    expect(response.headers).toMatchObject({
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-checksum-type': 'COMPOSITE',
    });
    const value = sha256('the film');
    const part = await sendPart(core, uploadId, 1, 'the film');
    expect(part.headers).toMatchObject({ 'x-amz-checksum-sha256': value });
    const parts = (await send(core, `GET /photos/film.mp4?uploadId=${uploadId}`)).text;
    expect(parts).toContain(`<ChecksumSHA256>${value}</ChecksumSHA256>`);
    const whole = `${createHash('sha256').update(Buffer.from(value, 'base64')).digest('base64')}-1`;
    const etag = String(part.headers.etag);
    const completed = await send(core, `POST /photos/film.mp4?uploadId=${uploadId}`, {
      headers: { 'x-amz-checksum-sha256': whole },
      body: completeXml(partXml(1, etag, `<ChecksumSHA256>${value}</ChecksumSHA256>`)),
    });
    const result = completed.xml('CompleteMultipartUploadResult');
    expect(result.textOf('ChecksumSHA256')).toBe(whole);
    expect(result.textOf('ChecksumType')).toBe('COMPOSITE');
    const mode = { headers: { 'x-amz-checksum-mode': 'ENABLED' } };
    const got = await send(core, 'HEAD /photos/film.mp4', mode);
    expect(got.headers).toMatchObject({ 'x-amz-checksum-sha256': whole });
    const gotPart = await send(core, 'HEAD /photos/film.mp4?partNumber=1', mode);
    expect(gotPart.headers).toMatchObject({ 'x-amz-checksum-sha256': value });
  });

  it('aborted is gone', async () => {
    const core = await createTestCore();
    const { uploadId } = await start(core);
    const line = `DELETE /photos/film.mp4?uploadId=${uploadId}`;
    expect((await send(core, line)).status).toBe(204);
    expect((await send(core, line)).code).toBe('NoSuchUpload');
  });
});

describe('UploadPart', () => {
  it.each([
    ['partNumber=0', 'InvalidArgument'],
    ['partNumber=10001', 'InvalidArgument'],
    ['partNumber=x', 'InvalidArgument'],
    ['partNumber=', 'InvalidArgument'],
    ['', 'InvalidArgument'],
  ])('%j is %s', async (query, code) => {
    const core = await createTestCore();
    const { uploadId } = await start(core);
    const line = `PUT /photos/film.mp4?uploadId=${uploadId}&${query}`;
    expect((await send(core, line, { body: 'x' })).code).toBe(code);
  });

  it('of no upload is NoSuchUpload', async () => {
    const core = await createTestCore();
    expect((await sendPart(core, '', 1, 'x')).code).toBe('NoSuchUpload');
    expect((await sendPart(core, 'none', 1, 'x')).code).toBe('NoSuchUpload');
  });
});

describe('UploadPartCopy', () => {
  it('answers with the ETag of the range', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/cat.jpg', { body: 'the cat' });
    const { uploadId } = await start(core);
    const headers = {
      'x-amz-copy-source': 'photos/cat.jpg',
      'x-amz-copy-source-range': 'bytes=4-6',
    };
    const line = `PUT /photos/film.mp4?uploadId=${uploadId}&partNumber=1`;
    const result = (await send(core, line, { headers })).xml('CopyPartResult');
    expect(result.textOf('ETag')).toBe(`"${createHash('md5').update('cat').digest('hex')}"`);
    const wrong = { ...headers, 'x-amz-copy-source-range': 'bytes=4-7' };
    expect((await send(core, line, { headers: wrong })).code).toBe('InvalidArgument');
  });
});

describe('CompleteMultipartUpload', () => {
  it.each([
    ['', 'MalformedXML'],
    [completeXml(''), 'MalformedXML'],
    [completeXml('<Part><PartNumber>1</PartNumber></Part>'), 'MalformedXML'],
    [completeXml(partXml('x', 'e')), 'MalformedXML'],
    [completeXml(partXml('-1', 'e')), 'MalformedXML'],
    [completeXml(partXml(1, 'e')), 'InvalidPart'],
    [completeXml(partXml(2, 'e') + partXml(1, 'e')), 'InvalidPartOrder'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><CompleteMultipartUpload/>', 'MalformedXML'],
  ])('%j is %s', async (body, code) => {
    const core = await createTestCore();
    const { uploadId } = await start(core);
    const response = await send(core, `POST /photos/film.mp4?uploadId=${uploadId}`, { body });
    expect(response.code).toBe(code);
  });

  it.each([
    [{ 'x-amz-mp-object-size': '9' }, 'InvalidRequest'],
    [{ 'x-amz-mp-object-size': 'x' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-type': 'WHOLE' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-sha1': 'AA==' }, 'InvalidRequest'],
    [{ 'if-match': '"x"' }, 'NoSuchKey'],
  ])('with %j is %s', async (headers, code) => {
    const core = await createTestCore();
    const { uploadId } = await start(core);
    const etag = String((await sendPart(core, uploadId, 1, 'the film')).headers.etag);
    const response = await send(core, `POST /photos/film.mp4?uploadId=${uploadId}`, {
      headers: headers as Record<string, string>,
      body: completeXml(partXml(1, etag)),
    });
    expect(response.code).toBe(code);
  });
});

describe('ListParts', () => {
  it('pages by part number', async () => {
    const core = await createTestCore();
    const { uploadId } = await start(core, { 'x-amz-storage-class': 'STANDARD_IA' });
    for (const number of [1, 2, 10]) await sendPart(core, uploadId, number, `part ${number}`);
    const list = async (query: string) =>
      (await send(core, `GET /photos/film.mp4?uploadId=${uploadId}&${query}`)).xml(
        'ListPartsResult',
      );
    const first = await list('max-parts=2');
    expect(first.list('Part').map((part) => part.textOf('PartNumber'))).toEqual(['1', '2']);
    expect(first.textOf('IsTruncated')).toBe('true');
    expect(first.textOf('NextPartNumberMarker')).toBe('2');
    expect(first.textOf('StorageClass')).toBe('STANDARD_IA');
    expect(first.find('Owner')?.textOf('DisplayName')).toBe('alice');
    const [part] = first.list('Part');
    expect(part?.textOf('Size')).toBe('6');
    expect(part?.textOf('LastModified')).toBe('2024-01-01T00:00:00.000Z');
    const next = await list('part-number-marker=2');
    expect(next.list('Part').map((one) => one.textOf('PartNumber'))).toEqual(['10']);
    expect(next.textOf('IsTruncated')).toBe('false');
  });
});

describe('ListMultipartUploads', () => {
  it('gives uploads by key and start, with common prefixes and markers', async () => {
    const core = await createTestCore();
    const ids: string[] = [];
    for (const key of ['b', 'a/1', 'b', 'a/2']) {
      core.clock.nowMs += 1;
      ids.push((await start(core, {}, key)).uploadId);
    }
    const list = async (query: string) =>
      (await send(core, `GET /photos?uploads&${query}`)).xml('ListMultipartUploadsResult');
    const all = await list('');
    const found = all.list('Upload').map((upload) => upload.textOf('UploadId'));
    expect(found).toEqual([ids[1], ids[3], ids[0], ids[2]]);
    expect(all.list('Upload')[0]?.find('Initiator')?.textOf('DisplayName')).toBe('alice');
    const first = await list('delimiter=/&max-uploads=2');
    expect(first.list('CommonPrefixes').map((one) => one.textOf('Prefix'))).toEqual(['a/']);
    expect(first.textOf('IsTruncated')).toBe('true');
    const markers = `key-marker=${first.textOf('NextKeyMarker')}&upload-id-marker=${first.textOf('NextUploadIdMarker')}`;
    const next = await list(`delimiter=/&${markers}`);
    expect(next.list('Upload').map((upload) => upload.textOf('UploadId'))).toEqual([ids[2]]);
    expect(next.textOf('IsTruncated')).toBe('false');
    expect((await list('prefix=none')).list('Upload')).toEqual([]);
  });
});
