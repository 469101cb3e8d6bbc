import { type Readable, Transform } from 'node:stream';
import { formBoundary, malformedForm } from '../../http/form/multipart-parser.ts';
import { type FormFile, formLimits, SpooledForm } from '../../http/form/spooled-form.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuResponse, QiniuRoute, QiniuServices } from '../operation.ts';
import { openBody } from '../read-body.ts';
import { exceedsLimit } from './decide.ts';
import { readDetails } from './details.ts';
import { checkEarly, openGrant } from './grant.ts';
import { declaredSize } from './receive-content.ts';
import { storeUpload } from './store-upload.ts';

/** Bytes of a form besides its file: fields, headers of parts, boundaries. */
const overheadBytesMax = formLimits.fieldsSizeBytesMax + 1024 ** 2;
const formSizeBytesMax = formLimits.fileSizeBytesMax + overheadBytesMax;

/** What old browsers ask for, who would offer to download JSON. */
const acceptedTypes: ReadonlySet<string> = new Set(['application/json', 'text/plain']);

/**
 * Kodo's form upload. Its fields may come in any order, also behind the file.
 * https://developer.qiniu.com/kodo/1312/upload
 */
export const formUpload: QiniuRoute = {
  name: 'form-upload',
  methods: ['POST'],
  path: '/',
  authentication: 'own',
  async handle(request, services) {
    const boundary = formBoundary(request.headers.get('content-type'));
    if (boundary === null) throw new QiniuError(400, 'the body is no multipart/form-data');
    const form = await readForm(request, services, boundary);
    try {
      return await storeForm(request, services, form);
    } finally {
      form.release();
    }
  },
};

/** Whatever can be refused before the file is read, is. */
async function readForm(
  request: QiniuRequest,
  services: QiniuServices,
  boundary: string,
): Promise<SpooledForm> {
  const bound = new SizeBound();
  const body = openBody(request.exchange, formSizeBytesMax, services.bodyPace);
  const bounded = body.on('error', (error) => bound.destroy(error)).pipe(bound);
  bounded.once('close', () => body.destroy());
  return await SpooledForm.read(bounded as Readable, {
    spool: services.core.spool,
    boundary,
    signal: request.signal,
    fileFields: new Set(['file']),
    onFile: async ({ fieldName }, fields) => {
      const token = fields.get('token');
      if (token === undefined) return false;
      const grant = await openGrant(request, services, token);
      const { fsizeLimit } = grant.policy;
      const size = declaredSize(request);
      if (fsizeLimit !== null) bound.limit = fsizeLimit + overheadBytesMax;
      if (size !== null && size > bound.limit) throw exceedsLimit();
      if (fieldName === 'file') await checkEarly(services, grant, fields.get('key') ?? null);
      return true;
    },
  });
}

async function storeForm(
  request: QiniuRequest,
  services: QiniuServices,
  form: SpooledForm,
): Promise<QiniuResponse> {
  const { fields } = form;
  const grant = await openGrant(request, services, fields.get('token') ?? null);
  const file = form.files.find(({ fieldName }) => fieldName === 'file');
  if (!file) throw malformedForm('It has no file.');
  const details = detailsOf(fields, file);
  await checkEarly(services, grant, details.key);
  const { content } = file;
  const crc32 = fields.get('crc32') || null;
  const { signal } = request;
  const response = await storeUpload(services, { grant, details, content, crc32, signal });
  return withAcceptedType(response, fields.get('accept'));
}

function detailsOf(fields: ReadonlyMap<string, string>, file: FormFile) {
  return readDetails(fields, {
    key: fields.get('key') ?? null,
    fileName: fields.get('fname') || file.fileName || null,
    mediaType: file.contentType,
  });
}

function withAcceptedType(response: QiniuResponse, accept: string | undefined): QiniuResponse {
  if (accept === undefined || !acceptedTypes.has(accept) || response.status === 303) {
    return response;
  }
  return { ...response, headers: { ...response.headers, 'content-type': accept } };
}

/** Ends a form that gets larger than its token allows, which is known only in the midst of it. */
class SizeBound extends Transform {
  /** Bytes. */
  limit = formSizeBytesMax;
  #received = 0;

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    callback: (error: Error | null, chunk?: Buffer) => void,
  ): void {
    this.#received += chunk.length;
    if (this.#received > this.limit) callback(exceedsLimit());
    else callback(null, chunk);
  }
}
