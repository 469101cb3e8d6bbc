import { type Access, authorize, getBucket } from '../../core/access/access.ts';
import { deleteObject } from '../../core/delete-objects.ts';
import { type FilePlace, findKnownFile } from '../../core/known-file.ts';
import { listObjects } from '../../core/list-objects.ts';
import { FilesError } from '../errors.ts';
import { deleteFile } from './delete-files.ts';
import { baseName } from './file-names.ts';
import { fileIdOf } from './file-reference.ts';
import type { UploadRequest } from './upload-request.ts';

type Fields = ReadonlyMap<string, string>;

/** User metadata that keeps the name of a file, percent-encoded: metadata is ASCII. */
export const fileNameMetadata = 'filename';
export const sceneMetadata = 'scene';

const entriesMax = 1000;

export function md5Key(md5: string): string {
  return `md5/${md5}`;
}

/** Where files of go-fastdfs's clients are. Throws `NoSuchBucket`. */
function bucketNameFor(request: UploadRequest, access: Access, fields: Fields): string {
  const { uploads } = request.context;
  const own = uploads.appBuckets.get(access.caller.accessKeyId);
  return request.parameter(fields, 'bucket') ?? own ?? uploads.bucketName;
}

/**
 * The file that `md5` or `path` names. Throws 404 when there is none, 400 without either, and
 * `AccessDenied` for one that the caller may not read.
 */
export async function findByParameters(
  request: UploadRequest,
  access: Access,
  fields: Fields,
): Promise<FilePlace> {
  const md5 = request.parameter(fields, 'md5');
  const path = request.parameter(fields, 'path');
  if (md5 === null && path === null) throw new FilesError(400, 'md5 or path is required');
  if (md5 !== null && !/^[0-9a-f]{32}$/i.test(md5)) throw new FilesError(400, 'md5 is malformed');
  const fileId = md5 === null ? fileIdOf(path ?? '') : null;
  if (fileId !== null) return await findById(request, access, fileId);
  const key = md5 === null ? keyOfPath(path ?? '') : md5Key(md5.toLowerCase());
  const { core } = request.context;
  const bucket = await getBucket(core, bucketNameFor(request, access, fields));
  await authorize(core, access, 's3:GetObject', { bucket, key });
  const object = await core.index.findObject(bucket.id, key);
  if (!object || object.isDeleteMarker || object.fileId === null) throw notFound();
  return { bucket, object };
}

async function findById(
  request: UploadRequest,
  access: Access,
  fileId: string,
): Promise<FilePlace> {
  const { places } = await findKnownFile(request.context.core, fileId);
  const readable = places.find(({ bucket, object }) =>
    access.allows('s3:GetObject', { bucket, key: object.key, object }),
  );
  if (!readable) throw notFound();
  return readable;
}

/** `/group1/photos/a.jpg` is the key `photos/a.jpg`. */
function keyOfPath(path: string): string {
  const parts = path.replace(/^https?:\/\/[^/]*/i, '').split('/');
  return parts
    .filter((part) => part !== '')
    .slice(1)
    .join('/');
}

function notFound(): FilesError {
  return new FilesError(404, 'not found');
}

/** As go-fastdfs describes a file. */
export function describeFound(request: UploadRequest, { object }: FilePlace) {
  const { fileId, etag, size, lastModifiedMs, userMetadata } = object;
  const name = decodeName(userMetadata[fileNameMetadata] ?? '') || baseName(fileId ?? '');
  return {
    name,
    rename: '',
    path: `/${fileId}`,
    md5: etag,
    size,
    peers: [request.baseUrl],
    scene: userMetadata[sceneMetadata] ?? 'default',
    timeStamp: Math.floor(lastModifiedMs / 1000),
    offset: -1,
  };
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return '';
  }
}

/** Throws `AccessDenied`. */
export async function deleteFound(
  request: UploadRequest,
  access: Access,
  { bucket, object }: FilePlace,
): Promise<void> {
  const { core } = request.context;
  if (object.fileId !== null && object.key === object.fileId) {
    return await deleteFile(request, access, object.fileId);
  }
  await authorize(core, access, 's3:DeleteObject', { bucket, key: object.key });
  const wanted = { key: object.key, versionId: null, condition: { ifMatch: [object.etag] } };
  await deleteObject(core, bucket, wanted, access.caller);
}

/** Entries of `dir`, a thousand at most. Throws `AccessDenied` and `NoSuchBucket`. */
export async function listDirectory(request: UploadRequest, access: Access, fields: Fields) {
  const { core } = request.context;
  const bucket = await getBucket(core, bucketNameFor(request, access, fields));
  const parts = (request.parameter(fields, 'dir') ?? '').split('/').filter((part) => part !== '');
  const prefix = parts.map((part) => `${part}/`).join('');
  const conditions = { 's3:prefix': [prefix], 's3:delimiter': ['/'] };
  await authorize(core, access, 's3:ListBucket', { bucket, conditions });
  const wanted = { prefix, delimiter: '/', after: '', maxKeys: entriesMax };
  const { objects, commonPrefixes } = await listObjects(core, bucket, wanted);
  const path = parts.join('/');
  return [
    ...commonPrefixes.map((each) => ({
      ...{ name: each.slice(prefix.length, -1), md5: '', path, size: 0, mtime: 0, is_dir: true },
    })),
    ...objects.map(({ key, etag, size, lastModifiedMs }) => ({
      ...{ name: key.slice(prefix.length), md5: etag, path, size, is_dir: false },
      mtime: Math.floor(lastModifiedMs / 1000),
    })),
  ];
}
