import type { HttpResponse } from '../../http/send-response.ts';
import type { FilesError } from '../errors.ts';
import { partsOf, type StoredUpload, urlOf } from './stored-upload.ts';

type Answer = HttpResponse & { readonly body: string };

/** How one kind of client is answered. */
export interface UploadProfile {
  /** Of at least one file. */
  render(files: readonly [StoredUpload, ...StoredUpload[]]): Answer;
  renderFailure(failure: FilesError): Answer;
}

export function json(value: unknown, status = 200): Answer {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  };
  return { status, headers, body: JSON.stringify(value) };
}

export function text(body: string, status = 200): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body };
}

/** The form of errors where a client has none of its own. */
export function plainFailure({ status, message, headers }: FilesError): Answer {
  const answer = json({ code: status, message, success: false }, status);
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

const success = { code: 200, message: 'success', success: true } as const;

/** Everything that is known of a file; the words of several clients for the same things. */
function describe(file: StoredUpload) {
  const { fileId, bucketName, key, baseUrl, size, md5, name, contentType } = file;
  return {
    fileId,
    ...partsOf(file),
    fullPath: fileId,
    key,
    bucket: bucketName,
    url: urlOf(file),
    downloadUrl: `${baseUrl}/download/${fileId}`,
    size,
    md5,
    name,
    contentType,
  };
}

const storePath = (file: StoredUpload) => ({ ...partsOf(file), fullPath: file.fileId });

/** One value for one file, a list for several. */
function each<T>(
  files: readonly StoredUpload[],
  render: (file: StoredUpload) => T,
): T | readonly T[] {
  const [first, ...others] = files.map(render);
  return first === undefined || others.length > 0 ? files.map(render) : first;
}

/** Their error handlers see only what comes with status 200. */
const said = (render: (message: string) => unknown) => (failure: FilesError) =>
  json(render(failure.message));

/**
 * Response forms by name.
 *
 * - `seed`: of the REST services that are put beside FastDFS.
 * - `storepath`: StorePath of the Java client by tobato.
 * - `php`: what PHP's extension gives.
 * - the others: editors and form libraries for browsers.
 */
export const uploadProfiles: Readonly<Record<string, UploadProfile>> = {
  seed: {
    render: (files) => json({ ...success, data: each(files, describe) }),
    renderFailure: plainFailure,
  },
  storepath: {
    render: (files) => json(each(files, storePath)),
    renderFailure: plainFailure,
  },
  text: {
    render: (files) => text(files.map(({ fileId }) => fileId).join('\n')),
    renderFailure: ({ status, message, headers }) => ({ ...text(message, status), headers }),
  },
  url: {
    render: (files) => text(files.map(urlOf).join('\n')),
    renderFailure: ({ status, message, headers }) => ({ ...text(message, status), headers }),
  },
  php: {
    render: (files) =>
      json(
        each(files, (file) => ({ group_name: partsOf(file).group, filename: partsOf(file).path })),
      ),
    renderFailure: plainFailure,
  },
  ueditor: {
    render: (files) =>
      json(
        each(files, (file) => ({
          state: 'SUCCESS',
          url: urlOf(file),
          title: file.name,
          original: file.name,
          type: /\.[^.]*$/.exec(file.name)?.[0] ?? '',
          size: file.size,
        })),
      ),
    renderFailure: said((message) => ({ state: message })),
  },
  layui: {
    render: (files) =>
      json({
        code: 0,
        msg: '',
        data: each(files, (file) => ({ src: urlOf(file), title: file.name })),
      }),
    renderFailure: said((msg) => ({ code: 1, msg, data: {} })),
  },
  /** Version 4. */
  wangeditor: {
    render: (files) =>
      json({
        errno: 0,
        data: files.map((file) => ({ url: urlOf(file), alt: file.name, href: '' })),
      }),
    renderFailure: said((message) => ({ errno: 1, message, data: [] })),
  },
  wangeditor5: {
    render: ([file]) =>
      json({ errno: 0, data: { url: urlOf(file), alt: file.name, href: urlOf(file) } }),
    renderFailure: said((message) => ({ errno: 1, message })),
  },
  ckeditor: {
    render: ([file]) => json({ uploaded: 1, fileName: file.name, url: urlOf(file) }),
    renderFailure: said((message) => ({ uploaded: 0, error: { message } })),
  },
  tinymce: {
    render: ([file]) => json({ location: urlOf(file) }),
    renderFailure: plainFailure,
  },
};

/** Other words for profiles in `?output=`. */
const outputNames: Readonly<Record<string, string>> = { json: 'seed' };

/** Null for a name that none has. */
export function findProfile(name: string): UploadProfile | null {
  const known = outputNames[name] ?? name;
  return Object.hasOwn(uploadProfiles, known) ? (uploadProfiles[known] ?? null) : null;
}
