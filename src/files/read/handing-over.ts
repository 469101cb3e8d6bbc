import type { CoreServices } from '../../core/services.ts';
import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError } from '../errors.ts';
import { type AntiStealRules, fileToken, secretOf } from './anti-steal.ts';
import type { FileAnswerRules, FileQuestion } from './file-answer.ts';
import { cacheControl, describingHeaders } from './file-answer.ts';
import { requireFile } from './file-facts.ts';
import type { FileUrl } from './file-url.ts';

/**
 * Who sends the bytes once the gateway has decided that they may be read.
 *
 * - `proxy`: the gateway.
 * - `accel`: the nginx in front of it, which finds them at `X-Accel-Redirect`.
 * - `redirect`: the nginx on a storage server, to which the client is sent.
 */
export type HandingOver =
  | { readonly mode: 'proxy' }
  /** A path of that nginx in front of file IDs, without slash at its end. */
  | { readonly mode: 'accel'; readonly prefix: string }
  /** `http://{host}:8888`, with the storage server's address in the place of `{host}`. */
  | { readonly mode: 'redirect'; readonly base: string };

/** Parameters of the request that are of use to nginx's FastDFS module. */
const passedParameters = ['filename', 'start', 'end'] as const;

/** The module's URL of a file, with a token made now where its group has a secret. */
function moduleTarget(
  { fileId, fileName, groupName }: FileUrl,
  query: URLSearchParams,
  rules: AntiStealRules,
  nowMs: number,
): string {
  const parameters = new URLSearchParams();
  for (const name of passedParameters) {
    const value = query.get(name);
    if (value !== null) parameters.set(name, value);
  }
  const secret = secretOf(rules, groupName);
  if (secret !== null) {
    const ts = BigInt(Math.floor(nowMs / 1000));
    parameters.set('token', fileToken(fileName, secret, ts));
    parameters.set('ts', String(ts));
  }
  // The module does not read `+` as a space.
  const text = parameters.toString().replaceAll('+', '%20');
  return text === '' ? `/${fileId}` : `/${fileId}?${text}`;
}

/** Answers for nginx to replace; what it says of the file stays. */
export function accelAnswer(
  prefix: string,
  question: FileQuestion,
  rules: FileAnswerRules & { readonly antiSteal: AntiStealRules },
  isAppender: boolean,
): HttpResponse {
  const { url, query, nowMs } = question;
  const target = moduleTarget(url, query, rules.antiSteal, nowMs);
  return {
    status: 200,
    headers: {
      ...describingHeaders(question, rules),
      'cache-control': cacheControl(isAppender, question, rules),
      'x-accel-redirect': prefix + target,
    },
    body: '',
  };
}

/**
 * Sends the client to a storage server that has the file, its source where that is up. Throws
 * `FilesError` 404 when all say that they do not have it, and 502 when none can be asked.
 */
export async function redirectAnswer(
  { blobs }: Pick<CoreServices, 'blobs'>,
  base: string,
  { url, query, nowMs }: FileQuestion,
  antiSteal: AntiStealRules,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const copies = await blobs.findCopies(url.fileId, { signal, isOneEnough: true });
  const copy = copies.find(({ state }) => state === 'present');
  if (!copy) {
    await requireFile({ blobs }, { fileId: url.fileId, isSeen: false }, signal);
    throw new FilesError(502, 'No storage server of the group can be asked for the file.');
  }
  const host = copy.server.slice(0, copy.server.lastIndexOf(':'));
  const location = base.replace('{host}', host) + moduleTarget(url, query, antiSteal, nowMs);
  return { status: 302, headers: { location, 'cache-control': 'no-store' }, body: '' };
}
