import type { Access } from '../../core/access/access.ts';
import { deleteObjects } from '../../core/delete-objects.ts';
import { openBody } from '../../http/bounded-body.ts';
import { formBoundary } from '../../http/form/multipart-parser.ts';
import { type FormFile, formLimits, SpooledForm } from '../../http/form/spooled-form.ts';
import type { HttpResponse } from '../../http/send-response.ts';
import type { Bucket } from '../../object-index/records.ts';
import { FilesError } from '../errors.ts';
import { fileIdExtension } from './file-names.ts';
import { findProfile, type UploadProfile } from './profiles.ts';
import { planSlave } from './slave-file.ts';
import { storeUpload, type UploadPlan } from './store-upload.ts';
import type { StoredUpload } from './stored-upload.ts';
import { findUploadBucket, wantedGroup, wantedKey } from './upload-place.ts';
import type { UploadRequest } from './upload-request.ts';

/** Besides its files: boundaries, headers of parts and fields. */
const formOverheadBytesMax = 4 * 2 ** 20;
const filesMax = 100;
/** Fields whose parts are files even when they have no file name. */
const fileFields = new Set(['fastdfs', 'file', 'files', 'upload', 'upfile', 'Filedata', 'imgFile']);

/** Reads a form whole, and checks its credentials as soon as they are there. The caller releases it. */
export async function readForm(request: UploadRequest): Promise<SpooledForm> {
  const boundary = formBoundary(request.headers.get('content-type'));
  if (boundary === null) throw new FilesError(400, 'Files are uploaded as multipart/form-data.');
  const { core, bodyPace, uploads } = request.context;
  const { fileSizeBytesMax } = uploads;
  const sizeBytesMax = fileSizeBytesMax * filesMax + formOverheadBytesMax;
  const body = openBody(request.exchange, { pace: bodyPace, sizeBytesMax });
  return await SpooledForm.read(body, {
    spool: core.spool,
    boundary,
    signal: request.exchange.signal,
    limits: { ...formLimits, filesMax, fileSizeBytesMax },
    fileFields,
    onFile: async (_part, fields) => (await request.authenticate(fields)) !== null,
  });
}

/** Stores the files of a form and tells of them in the form of a profile. */
export async function uploadFiles(
  request: UploadRequest,
  profile: UploadProfile,
): Promise<HttpResponse> {
  const form = await readForm(request);
  try {
    const access = await request.access(form.fields);
    const [first, ...others] = form.files;
    if (!first) throw new FilesError(400, 'The form has no file.');
    if (request.parameter(form.fields, 'thumb') !== null) {
      throw new FilesError(
        400,
        'Images are not scaled here: upload the smaller image with master and prefix.',
      );
    }
    const output = request.parameter(form.fields, 'output');
    const wanted = output === null ? profile : findProfile(output);
    if (!wanted) throw new FilesError(400, `There is no output ${output}.`);
    const stored = await new Uploads(request, access, form).storeAll([first, ...others]);
    return wanted.render(stored);
  } finally {
    form.release();
  }
}

/** The files of one form: all are stored, or none is kept. */
class Uploads {
  readonly #request: UploadRequest;
  readonly #access: Access;
  readonly #form: SpooledForm;
  readonly #stored: { readonly bucket: Bucket; readonly upload: StoredUpload }[] = [];

  constructor(request: UploadRequest, access: Access, form: SpooledForm) {
    this.#request = request;
    this.#access = access;
    this.#form = form;
  }

  async storeAll(
    files: readonly [FormFile, ...FormFile[]],
  ): Promise<readonly [StoredUpload, ...StoredUpload[]]> {
    try {
      const [first, ...others] = files;
      const uploads: [StoredUpload, ...StoredUpload[]] = [await this.#store(first)];
      for (const file of others) uploads.push(await this.#store(file));
      return uploads;
    } catch (error) {
      await this.#takeBack();
      throw error;
    }
  }

  async #store(file: FormFile): Promise<StoredUpload> {
    const plan = await this.#plan(file);
    const upload = await storeUpload(this.#request, this.#access, file, plan);
    if (plan.key === null) this.#stored.push({ bucket: plan.bucket, upload });
    return upload;
  }

  async #plan(file: FormFile): Promise<UploadPlan> {
    const [request, access, { fields, files }] = [this.#request, this.#access, this.#form];
    const extension = fileIdExtension(file.fileName ?? '');
    const isOnlyOne = files.length === 1;
    const key = wantedKey(request, fields, { fileName: file.fileName, isOnlyOne });
    const userMetadata = metadataOf(fields);
    const slave = await planSlave(request, access, fields, extension);
    if (slave) return { ...slave, key, userMetadata };
    const groupName = wantedGroup(request, fields);
    const bucket = await findUploadBucket(request, access, fields);
    return { bucket, key, groupName, named: { extension }, userMetadata };
  }

  /** Nobody would ever learn their IDs. What had a key of the client's stays, as it may be expected. */
  async #takeBack(): Promise<void> {
    const { core } = this.#request.context;
    for (const { bucket, upload } of this.#stored) {
      const object = { key: upload.key, versionId: null };
      try {
        await deleteObjects(core, bucket, [object], this.#access.caller);
      } catch (error) {
        const facts = { err: error, bucket: bucket.name, key: upload.key };
        core.logger.warn(facts, 'a file of a form that failed was not deleted');
      }
    }
  }
}

/** `meta.<name>` as user metadata. Throws 400 for names and values that headers cannot have. */
function metadataOf(fields: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {};
  for (const [field, value] of fields) {
    const name = /^meta\.(.+)$/s.exec(field)?.[1]?.toLowerCase();
    if (name === undefined) continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    const isCarried = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && !/[\0-\x1f\x7f]/.test(value);
    if (!isCarried) throw new FilesError(400, `${field} cannot be metadata.`);
    metadata[name] = Buffer.from(value).toString('latin1');
  }
  return metadata;
}
