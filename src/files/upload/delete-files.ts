import { text } from 'node:stream/consumers';
import type { Access } from '../../core/access/access.ts';
import { deleteObject } from '../../core/delete-objects.ts';
import { GatewayError } from '../../core/errors.ts';
import { type FilePlace, findKnownFile } from '../../core/known-file.ts';
import { openBody } from '../../http/bounded-body.ts';
import { formBoundary } from '../../http/form/multipart-parser.ts';
import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError } from '../errors.ts';
import { fileIdOf } from './file-reference.ts';
import { json } from './profiles.ts';
import { readForm } from './upload-files.ts';
import type { UploadRequest } from './upload-request.ts';

const bodySizeBytesMax = 64 * 1024;

/**
 * Deletes every object of the file that the caller may delete; copies of others keep it. Throws 404
 * for a file that is none of an object, and `AccessDenied` when the caller may delete none.
 */
export async function deleteFile(
  request: UploadRequest,
  access: Access,
  fileId: string,
): Promise<void> {
  const { core } = request.context;
  const { places } = await findKnownFile(core, fileId);
  if (places.length === 0) throw new FilesError(404, 'The file does not exist.');
  const deletable = places.filter(({ bucket, object }) =>
    access.allows('s3:DeleteObject', { bucket, key: object.key, object }),
  );
  if (deletable.length === 0) throw new GatewayError('AccessDenied');
  for (const place of deletable) await deletePlace(request, access, place);
}

async function deletePlace(
  request: UploadRequest,
  access: Access,
  { bucket, object }: FilePlace,
): Promise<void> {
  const { exchange, context } = request;
  exchange.bucketName = bucket.name;
  exchange.key = object.key;
  // Another object under the key by now is not the file that was named.
  const condition = { ifMatch: [object.etag] };
  const wanted = { key: object.key, versionId: null, condition };
  try {
    await deleteObject(context.core, bucket, wanted, access.caller);
  } catch (error) {
    const isGone =
      error instanceof GatewayError &&
      (error.code === 'NoSuchKey' || error.code === 'PreconditionFailed');
    if (!isGone) throw error;
  }
}

/** `DELETE /delete/<file ID>`, and `DELETE` or `POST /delete` with the file in a parameter. */
export async function deleteFiles(
  request: UploadRequest,
  pathReference: string | null,
): Promise<HttpResponse> {
  const fields = await readFields(request);
  const access = await request.access(fields);
  const reference =
    pathReference ??
    request.parameter(fields, 'fileid', 'fileId', 'filePath', 'fileUrl', 'path', 'url', 'key');
  if (reference === null) throw new FilesError(400, 'The parameter fileid is missing.');
  const fileId = fileIdOf(reference);
  if (fileId === null) throw new FilesError(400, 'That is no file ID.');
  await deleteFile(request, access, fileId);
  return json({ code: 200, message: 'success', success: true, data: { fileId } });
}

/** The parameters in a body: of a form of either kind, or of a JSON object. Throws 400. */
export async function readFields(request: UploadRequest): Promise<ReadonlyMap<string, string>> {
  const contentType = request.headers.get('content-type');
  if (formBoundary(contentType) !== null) {
    const form = await readForm(request);
    form.release();
    return form.fields;
  }
  const { exchange, context } = request;
  const { bodyPace: pace } = context;
  const body = await text(openBody(exchange, { pace, sizeBytesMax: bodySizeBytesMax }));
  if (body === '') return new Map();
  if (/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType ?? '')) return readJson(body);
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

function readJson(body: string): ReadonlyMap<string, string> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) throw new SyntaxError('no object');
    return new Map(
      Object.entries(parsed).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as const] : [],
      ),
    );
  } catch (error) {
    throw new FilesError(400, 'The body is no JSON object.', { cause: error });
  }
}
