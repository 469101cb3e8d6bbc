import { createHash } from 'node:crypto';
import { type Access, authorize } from '../../core/access/access.ts';
import { GatewayError } from '../../core/errors.ts';
import type { FormFile, SpooledForm } from '../../http/form/spooled-form.ts';
import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError } from '../errors.ts';
import { baseName, fileIdExtension } from './file-names.ts';
import {
  describeFound,
  fileNameMetadata,
  findByParameters,
  md5Key,
  sceneMetadata,
} from './go-fastdfs-files.ts';
import { json, text } from './profiles.ts';
import { storeUpload, toStoredUpload } from './store-upload.ts';
import { type StoredUpload, urlOf } from './stored-upload.ts';
import { readForm } from './upload-files.ts';
import { findUploadBucket, wantedKey } from './upload-place.ts';
import type { UploadRequest } from './upload-request.ts';

const nameMetadataBytesMax = 1024;

/**
 * `POST /group1/upload` with a file, or `md5` of one that is there already. Throws 400 without
 * either, 404 for an MD5 that is not known, and what an upload throws.
 */
export async function uploadToGoFastdfs(
  request: UploadRequest,
  groupName: string,
): Promise<HttpResponse> {
  if (request.exchange.incoming.method === 'GET') {
    return await answerKnown(request, await request.access(new Map()), new Map());
  }
  const form = await readForm(request);
  try {
    const { fields } = form;
    const access = await request.access(fields);
    const [file] = form.files;
    if (!file) return await answerKnown(request, access, fields);
    if (file.content.size === 0) throw new FilesError(400, 'file size is zero');
    const scene = request.parameter(fields, 'scene') ?? 'default';
    const stored = await storeFile(request, access, { form, file, scene, groupName });
    return render(stored, scene, request.parameter(fields, 'output'));
  } finally {
    form.release();
  }
}

async function storeFile(
  request: UploadRequest,
  access: Access,
  {
    form: { fields },
    file: sent,
    scene,
    groupName,
  }: {
    readonly form: SpooledForm;
    readonly file: FormFile;
    readonly scene: string;
    readonly groupName: string;
  },
): Promise<StoredUpload> {
  const file = { ...sent, fileName: request.parameter(fields, 'filename') ?? sent.fileName ?? '' };
  const bucket = await findUploadBucket(request, access, fields);
  const isPathGiven = request.parameter(fields, 'path') !== null;
  const wanted = { fileName: file.fileName, isOnlyOne: true };
  const key = isPathGiven ? wantedKey(request, fields, wanted) : md5Key(await md5Of(file));
  const plan = {
    bucket,
    key,
    groupName: await existingGroup(request, groupName),
    named: { extension: fileIdExtension(file.fileName) },
    userMetadata: describe(file.fileName, scene),
    // What is stored under its MD5 already has a URL that somebody may have.
    keepsExisting: !isPathGiven,
  };
  try {
    return await storeUpload(request, access, file, plan);
  } catch (error) {
    const isThere = error instanceof GatewayError && error.code === 'PreconditionFailed';
    const { core } = request.context;
    const existing = isThere && key ? await core.index.findObject(bucket.id, key) : null;
    if (!existing) throw error;
    // Other doors write there as well.
    const isSame = existing.fileId !== null && md5Key(existing.etag) === key;
    if (!isSame) throw new FilesError(409, 'another file is stored under this MD5');
    return toStoredUpload(request, bucket, existing, file.fileName);
  }
}

/** The group in the path is a name of go-fastdfs's; where a FastDFS group has it, it counts. */
async function existingGroup(request: UploadRequest, groupName: string): Promise<string | null> {
  const { groups } = await request.context.core.blobs.clusterState();
  return groups.some((group) => group.groupName === groupName) ? groupName : null;
}

async function md5Of({ content }: FormFile): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of content.open() as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

function describe(fileName: string, scene: string): Readonly<Record<string, string>> {
  if (!/^[\w.-]{1,64}$/.test(scene)) throw new FilesError(400, 'scene is malformed');
  const name = encodeURIComponent(baseName(fileName));
  const isKept = name !== '' && name.length <= nameMetadataBytesMax;
  return { [sceneMetadata]: scene, ...(isKept && { [fileNameMetadata]: name }) };
}

async function answerKnown(
  request: UploadRequest,
  access: Access,
  fields: ReadonlyMap<string, string>,
): Promise<HttpResponse> {
  if (request.parameter(fields, 'md5') === null) throw new FilesError(400, 'the file is missing');
  const only = new Map([['md5', request.parameter(fields, 'md5') ?? '']]);
  const place = await findByParameters(request, access, only);
  await authorize(request.context.core, access, 's3:GetObject', {
    bucket: place.bucket,
    key: place.object.key,
    object: place.object,
  });
  const { name, scene } = describeFound(request, place);
  const stored = toStoredUpload(request, place.bucket, place.object, name);
  return render(stored, scene, request.parameter(fields, 'output'));
}

function render(file: StoredUpload, scene: string, output: string | null): HttpResponse {
  const { fileId, md5, size, baseUrl, lastModifiedMs } = file;
  const path = `/${fileId}`;
  const described = {
    ...{ url: urlOf(file), md5, path, domain: baseUrl, scene, size },
    mtime: Math.floor(lastModifiedMs / 1000),
    ...{ scenes: scene, retmsg: '', retcode: 0, src: path },
  };
  if (output === 'json') return json(described);
  if (output === 'json2') return json({ message: '', status: 'ok', data: described });
  return text(urlOf(file));
}
