import { md5Of } from './content.ts';
import { type Requests, unquoted } from './requests.ts';
import { VERSIONED_BUCKET, type VersionBook } from './version-book.ts';
import { Violation } from './violation.ts';

interface ListedVersion {
  readonly key: string;
  readonly versionId: string;
  /** Null for a delete marker. */
  readonly etag: string | null;
  readonly isLatest: boolean;
}

/**
 * Verifies, while nothing writes, that acknowledged versions are there with all their bytes, that
 * deleted ones are gone, and that one of each key is the latest. Throws `Violation`.
 */
export async function verifyVersions(requests: Requests, book: VersionBook): Promise<void> {
  const listed = await listVersions(requests);
  const wrong = book.disagreements(listed);
  if (wrong.length > 0) {
    throw new Violation('versions are not as they must be', { wrong: wrong.slice(0, 10) });
  }
  const there = new Set(listed.map(({ versionId }) => versionId));
  for (const { key, versionId, value } of book.unread) {
    if (!there.has(versionId)) continue;
    const answer = await requests.send('GET', `/${VERSIONED_BUCKET}/${key}?versionId=${versionId}`);
    requests.counts.reads += 1;
    const isAsWritten =
      value === null
        ? answer.status === 405
        : answer.status === 200 && md5Of(answer.body) === value.md5;
    if (isAsWritten) continue;
    const { status, errorCode } = answer;
    throw new Violation('a version cannot be read', { key, versionId, value, status, errorCode });
  }
  await verifyCurrent(requests, listed);
  book.settle(listed);
}

/** The first version of each key is what a reader without version gets. */
async function verifyCurrent(requests: Requests, listed: readonly ListedVersion[]): Promise<void> {
  let previous = '';
  for (const version of listed) {
    const { key, isLatest, etag } = version;
    if (isLatest === (key === previous)) {
      throw new Violation('not the first version of a key is its latest', { version, previous });
    }
    previous = key;
    if (!isLatest) continue;
    const { status, headers } = await requests.send('HEAD', `/${VERSIONED_BUCKET}/${key}`);
    const isSame = etag === null ? status === 404 : unquoted(headers.etag) === etag;
    if (!isSame) throw new Violation('the latest version is not served', { version, status });
  }
}

async function listVersions(requests: Requests): Promise<ListedVersion[]> {
  const listed: ListedVersion[] = [];
  for (let markers = ''; ; ) {
    const answer = await requests.send(
      'GET',
      `/${VERSIONED_BUCKET}?versions&max-keys=300${markers}`,
    );
    const text = answer.body.toString();
    if (answer.status !== 200) throw new Violation('the versions cannot be listed', { text });
    for (const [, kind, element = ''] of text.matchAll(/<(Version|DeleteMarker)>(.*?)<\/\1>/gs)) {
      const read = (name: string) => new RegExp(`<${name}>(.*?)<`).exec(element)?.[1] ?? '';
      listed.push({
        key: read('Key'),
        versionId: read('VersionId'),
        etag: kind === 'Version' ? unquoted(read('ETag')) : null,
        isLatest: read('IsLatest') === 'true',
      });
    }
    if (!text.includes('<IsTruncated>true')) return listed;
    const last = listed.at(-1);
    markers = `&key-marker=${encodeURIComponent(last?.key ?? '')}&version-id-marker=${last?.versionId}`;
  }
}
