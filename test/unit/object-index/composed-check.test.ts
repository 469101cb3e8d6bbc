import { expect, it } from 'vitest';
import { CheckedIndex } from '../../support/check-index.ts';
import { newObject, newPart, newUpload } from '../../support/new-records.ts';

it('the check of the index finds no fault with uploads without a key and what they became', async () => {
  const checked = await CheckedIndex.open();
  const { index, bucketId } = checked;
  for (const uploadId of ['b1', 'b2', 'b3', 'b4']) {
    const upload = newUpload(bucketId, '', uploadId);
    await index.createUpload(upload);
    const segments = [1, 2].map((n) => ({
      fileId: `group1/10-${uploadId}-${n}`,
      fileOffset: 0,
      size: 10,
    }));
    const checksum = { algorithm: 'SHA1', type: 'COMPOSITE', value: 'state' } as const;
    const etag = '0'.repeat(32);
    await index.putPart(
      newPart(upload, 1, {
        etag,
        segments: segments.slice(0, 1),
        checksum,
      }),
    );
    await index.putPart(newPart(upload, 2, { etag, segments: segments.slice(1), qetag: 'F2' }));
  }
  const { segments: _, size: __, checksum: ___, ...object } = newObject(bucketId, 'composed');
  const uploads = ['b1', 'b2'].map((uploadId) => ({
    uploadId,
    etags: ['0'.repeat(32), '0'.repeat(32)],
  }));
  const composed = await index.composeObject({
    ...object,
    ...{ etag: `${'1'.repeat(32)}-4`, qetag: 'lwhole', uploads },
  });
  expect(composed.outcome).toBe('stored');
  const decided = { key: '', headers: {}, userMetadata: {}, expiresAtMs: 5, kodo: null };
  const completed = await index.completeUpload({
    ...{ bucketId, key: '', uploadId: 'b3', parts: [{ partNumber: 2, etag: '0'.repeat(32) }] },
    ...{ etag: `${'1'.repeat(32)}-1`, qetag: 'F2', checksum: null, lastModifiedMs: 1, decided },
  });
  expect(completed.outcome).toBe('completed');
  expect(await checked.kinds()).toEqual([]);
  await checked.close();
});
