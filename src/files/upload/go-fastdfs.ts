import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError } from '../errors.ts';
import { readFields } from './delete-files.ts';
import { deleteFound, describeFound, findByParameters, listDirectory } from './go-fastdfs-files.ts';
import { uploadToGoFastdfs } from './go-fastdfs-upload.ts';
import { json } from './profiles.ts';
import type { UploadRequest } from './upload-request.ts';

/** Its clients look into the body only. */
function done(data: unknown, message = ''): HttpResponse {
  return json({ message, status: 'ok', data });
}

export function renderGoFastdfsFailure({ status, message, headers }: FilesError) {
  const answer = json({ message, status: 'fail', data: null }, status === 401 ? 401 : 200);
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

/**
 * Answers clients of go-fastdfs, a file server of another make. Files that come this way are named
 * by their MD5 in their bucket, so that content which is there already is not stored again.
 */
export async function answerGoFastdfs(
  request: UploadRequest,
  endpoint: string,
  groupName: string,
): Promise<HttpResponse> {
  if (endpoint === 'upload') return await uploadToGoFastdfs(request, groupName);
  const fields =
    request.exchange.incoming.method === 'POST' ? await readFields(request) : new Map();
  const access = await request.access(fields);
  switch (endpoint) {
    case 'get_file_info':
    case 'check_file_exist':
      return done(describeFound(request, await findByParameters(request, access, fields)));
    case 'check_files_exist': {
      const md5s = request.parameter(fields, 'md5s') ?? '';
      const found: unknown[] = [];
      for (const md5 of md5s.split(',').slice(0, 100)) {
        try {
          const only = new Map([...fields, ['md5', md5.trim()]]);
          found.push(describeFound(request, await findByParameters(request, access, only)));
        } catch (error) {
          if (!(error instanceof FilesError && error.status === 404)) throw error;
        }
      }
      return done(found);
    }
    case 'delete':
      await deleteFound(request, access, await findByParameters(request, access, fields));
      return done(null, 'remove success');
    case 'list_dir':
      return done(await listDirectory(request, access, fields));
    default:
      throw new FilesError(501, 'not supported');
  }
}
