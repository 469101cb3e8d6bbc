import { Access, type RequestFacts } from '../../core/access/access.ts';
import { anonymousCaller } from '../../core/access/anonymous.ts';
import { bucketPolicy } from '../../core/access/policy/stored-policies.ts';
import type { FindCredentials } from '../../core/access-keys.ts';
import type { FilePlace, KnownFile } from '../../core/known-file.ts';
import type { Caller } from '../../core/services.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { appCredentialsOf, authenticateApp } from '../credentials.ts';
import { FilesError } from '../errors.ts';
import { type AntiStealRules, checkToken, secretOf } from './anti-steal.ts';
import type { FileUrl } from './file-url.ts';
import { verifyLink } from './signed-link.ts';

/** Who may read files by their IDs. */
export interface FileAccessRules {
  /** `open`: everybody every file, as plain FastDFS does. */
  readonly access: 'closed' | 'open';
  readonly antiSteal: AntiStealRules;
}

/** One request for a file, as far as access goes. */
export interface FileRequest {
  readonly url: FileUrl;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
  readonly facts: RequestFacts;
}

/** Why a file may be read. */
export interface Opening {
  /** The object that it is; null for one that the index does not name. */
  readonly place: FilePlace | null;
  /** Who reads it; null for nobody known. */
  readonly caller: Caller | null;
  /**
   * Until when, in ms since 1970, this very request would be good; null for everybody for ever, so
   * that a cache may answer it.
   */
  readonly privateUntilMs: number | null;
}

/** `substitute`: what operators show where a token is wrong. */
export type Decision = Opening | 'substitute';

/**
 * Decides whether a request may read a file: one that is public, or with the credentials of a user
 * who may read its object, or with an anti-steal token, which opens every file of its group as
 * in FastDFS. Throws `FilesError`: 404 for files that were deleted, 401 or 403 for credentials, and
 * 400 for tokens, as FastDFS's module for nginx has it.
 */
export async function openFile(
  request: FileRequest,
  known: KnownFile,
  rules: FileAccessRules,
  findCredentials: FindCredentials,
): Promise<Decision> {
  if (known.state === 'gone') throw new FilesError(404, 'The file does not exist.');
  const usable = known.places.filter(({ object }) => object.kodo?.isDisabled !== true);
  if (known.state === 'named' && usable.length === 0) throw forbidden();
  const [first = null] = usable;
  if (rules.access === 'open') return { place: first, caller: null, privateUntilMs: null };

  const publicPlace = findReadable(usable, anonymousCaller, request.facts);
  if (publicPlace !== null) {
    const privateUntilMs = hasConditions(publicPlace) ? request.facts.nowMs : null;
    return { place: publicPlace, caller: null, privateUntilMs };
  }
  const signer = await findSigner(request, findCredentials);
  if (signer !== null) {
    const place = findReadable(usable, signer.caller, request.facts);
    // What no key names can only be judged by whoever may do everything.
    const isOperator = known.state === 'unnamed' && signer.caller.isRoot;
    if (place === null && !isOperator) throw forbidden();
    return { place, caller: signer.caller, privateUntilMs: signer.untilMs };
  }
  const untilMs = judgeToken(request, rules.antiSteal);
  if (untilMs === 'substitute') return 'substitute';
  return { place: first, caller: null, privateUntilMs: untilMs };
}

/** Whether the next one who asks, from elsewhere perhaps, may be refused: no cache may answer then. */
function hasConditions({ bucket }: FilePlace): boolean {
  const statements = bucketPolicy.of(bucket)?.statements ?? [];
  return statements.some(({ conditions }) => conditions.length > 0);
}

async function findSigner(
  { url, query, headers, facts }: FileRequest,
  findCredentials: FindCredentials,
): Promise<{ readonly caller: Caller; readonly untilMs: number } | null> {
  const { nowMs } = facts;
  const link = await verifyLink(url.fileId, query, { findCredentials, nowMs });
  if (link !== null) return { caller: link.caller, untilMs: link.expiresAtMs };
  const app = appCredentialsOf(headers);
  if (app === null) return null;
  return { caller: await authenticateApp(app, findCredentials), untilMs: nowMs };
}

function findReadable(
  places: readonly FilePlace[],
  caller: Caller,
  facts: RequestFacts,
): FilePlace | null {
  const access = new Access(caller, facts);
  const isReadable = ({ bucket, object }: FilePlace) =>
    access.allows('s3:GetObject', { bucket, key: object.key, object });
  return places.find(isReadable) ?? null;
}

/** Until when the token is good, in ms since 1970. Throws 403 where tokens open nothing, or 400. */
function judgeToken(
  { url, query, headers, facts }: FileRequest,
  rules: AntiStealRules,
): number | 'substitute' {
  const { bypass, ttlSeconds } = rules;
  if (bypass !== null && headers.get(bypass.name) === bypass.value) return facts.nowMs;
  const secret = secretOf(rules, url.groupName);
  if (secret === null) throw forbidden();
  const given = { token: query.get('token'), ts: query.get('ts') };
  const verdict = checkToken(url.fileName, given, { secret, ttlSeconds, nowMs: facts.nowMs });
  if (verdict === 'valid') {
    const ts = Number(given.ts);
    return ts === 0 ? Number.POSITIVE_INFINITY : (ts + ttlSeconds) * 1000;
  }
  if (verdict === 'wrong' || verdict === 'expired') {
    if (rules.hasSubstitute) return 'substitute';
    throw new FilesError(400, verdict === 'expired' ? 'The token has expired.' : 'Wrong token.');
  }
  throw new FilesError(400, 'The parameters token and ts are required.');
}

function forbidden(): FilesError {
  return new FilesError(403, 'This file is not public.');
}
