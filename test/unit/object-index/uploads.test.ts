import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../src/object-index/key-order.ts';
import type { ListUploadsRequest } from '../../../src/object-index/upload-requests.ts';
import { newPart, newUpload } from '../../support/new-records.ts';
import { indexEngines, queuedFiles, useIndex } from '../../support/object-index.ts';

describe.each(indexEngines)('uploads in $name', ({ open }) => {
  const tested = useIndex(open);

  async function create(...uploads: (readonly [key: string, uploadId: string])[]) {
    for (const [key, uploadId] of uploads) {
      await tested.index.createUpload(newUpload(tested.bucketId, key, uploadId));
    }
  }

  async function list(request: Partial<ListUploadsRequest>) {
    const { uploads, commonPrefixes, next } = await tested.index.listUploads({
      bucketId: tested.bucketId,
      prefix: '',
      delimiter: '',
      keyMarker: '',
      uploadIdMarker: '',
      limit: 1000,
      ...request,
    });
    return { ids: uploads.map(({ uploadId }) => uploadId), commonPrefixes, next };
  }

  it('finds an upload as it was created, by bucket, key and ID together', async () => {
    const { index, bucketId } = tested;
    const upload = {
      ...newUpload(bucketId, 'k', 'u1'),
      checksumAlgorithm: 'CRC32C',
      checksumType: 'COMPOSITE',
      headers: { 'content-type': 'a/b' },
      userMetadata: { x: 'ÿ' },
    } as const;
    expect(await index.createUpload(upload)).toBe('created');
    expect(await index.findUpload(bucketId, 'k', 'u1')).toEqual(upload);
    expect(await index.findUpload(bucketId, 'k', 'u2')).toBeNull();
    expect(await index.findUpload(bucketId, 'other', 'u1')).toBeNull();
    expect(await index.findUpload(bucketId + 1, 'k', 'u1')).toBeNull();
  });

  it('lists by key and upload ID, page by page', async () => {
    await create(['b', 'u5'], ['a', 'u2'], ['a', 'u1'], ['a/x', 'u4'], ['a', 'u3']);
    expect(await list({})).toEqual({
      ids: ['u1', 'u2', 'u3', 'u4', 'u5'],
      commonPrefixes: [],
      next: null,
    });
    const first = await list({ limit: 2 });
    expect(first).toMatchObject({
      ids: ['u1', 'u2'],
      next: { keyMarker: 'a', uploadIdMarker: 'u2' },
    });
    expect(await list({ limit: 2, ...first.next })).toMatchObject({
      ids: ['u3', 'u4'],
      next: { keyMarker: 'a/x', uploadIdMarker: 'u4' },
    });
    expect(await list({ keyMarker: 'a' })).toMatchObject({ ids: ['u4', 'u5'] });
    expect(await list({ keyMarker: 'a', uploadIdMarker: 'u1' })).toMatchObject({
      ids: ['u2', 'u3', 'u4', 'u5'],
    });
    expect(await list({ uploadIdMarker: 'u4' })).toMatchObject({
      ids: ['u1', 'u2', 'u3', 'u4', 'u5'],
    });
    expect(await list({ prefix: 'a/' })).toMatchObject({ ids: ['u4'] });
    expect(await list({ limit: 0 })).toEqual({ ids: [], commonPrefixes: [], next: null });
  });

  it('groups under common prefixes and passes over the one the marker lies in', async () => {
    await create(['a/1', 'u1'], ['a/1', 'u2'], ['a/2', 'u3'], ['b', 'u4'], ['c/1', 'u5']);
    expect(await list({ delimiter: '/' })).toEqual({
      ids: ['u4'],
      commonPrefixes: ['a/', 'c/'],
      next: null,
    });
    expect(await list({ delimiter: '/', limit: 1 })).toEqual({
      ids: [],
      commonPrefixes: ['a/'],
      next: { keyMarker: 'a/', uploadIdMarker: '' },
    });
    for (const keyMarker of ['a/', 'a/1']) {
      for (const uploadIdMarker of ['', 'u1']) {
        expect(await list({ delimiter: '/', keyMarker, uploadIdMarker })).toMatchObject({
          ids: ['u4'],
          commonPrefixes: ['c/'],
        });
      }
    }
  });

  it('gives every upload once, whatever the page size', async () => {
    const uploads = Array.from(
      { length: 90 },
      (_, i) =>
        [`${'ab/'[i % 3]}${'/x'[i % 2]}${i % 5}`, `u${String(i).padStart(3, '0')}`] as const,
    );
    await create(...uploads);
    const expected = [...uploads]
      .sort(([a, u], [b, v]) => compareKeys(a, b) || compareKeys(u, v))
      .map(([, uploadId]) => uploadId);
    for (const limit of [1, 4, 89, 90, 91]) {
      const found: string[] = [];
      let next: Awaited<ReturnType<typeof list>>['next'] = { keyMarker: '', uploadIdMarker: '' };
      while (next) {
        const page = await list({ limit, ...next });
        found.push(...page.ids);
        next = page.next;
      }
      expect(found).toEqual(expected);
    }
  });

  it('aborts an upload once and queues the files of its parts', async () => {
    const { index, bucketId } = tested;
    await create(['k', 'u1'], ['k', 'u2']);
    const upload = newUpload(bucketId, 'k', 'u1');
    const parts = [newPart(upload, 1), newPart(upload, 10_000), newPart(upload, 2, { size: 0 })];
    for (const part of parts) await index.putPart(part);
    expect(await index.abortUpload(bucketId, 'other', 'u1')).toBe('no-such-upload');
    expect(await index.abortUpload(bucketId, 'k', 'u1')).toBe('aborted');
    expect(await index.abortUpload(bucketId, 'k', 'u1')).toBe('no-such-upload');
    expect(await index.putPart(newPart(upload, 3))).toBe('no-such-upload');
    expect(await list({})).toMatchObject({ ids: ['u2'] });
    expect(await index.listParts('u1', 0, 10)).toEqual({ parts: [], isTruncated: false });
    expect(await queuedFiles(tested)).toEqual(
      parts.flatMap(({ segments }) => segments.map(({ fileId }) => fileId)).sort(),
    );
  });
});
