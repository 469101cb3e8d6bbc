import type { FindCredentials } from '../../core/access-keys.ts';
import { findKnownFile } from '../../core/known-file.ts';
import type { SeenTargets } from '../../core/purge/seen-targets.ts';
import type { CoreServices } from '../../core/services.ts';
import type { Exchange } from '../../http/exchange.ts';
import { ReceivedHeaders } from '../../http/request-headers.ts';
import type { HttpResponse } from '../../http/send-response.ts';
import { FilesError } from '../errors.ts';
import { requestFacts } from '../request-facts.ts';
import { answerFile, type FileAnswerRules, type FileQuestion } from './file-answer.ts';
import { openBody } from './file-body.ts';
import { describeFile, factsOf, requireFile } from './file-facts.ts';
import { type FileUrl, type FileUrlRules, parseFileUrl } from './file-url.ts';
import { accelAnswer, type HandingOver, redirectAnswer } from './handing-over.ts';
import { type FileAccessRules, openFile } from './open-file.ts';

/** What the settings say of reading files by their IDs. */
export interface FileReadRules extends FileUrlRules, FileAccessRules, FileAnswerRules {
  readonly handingOver: HandingOver;
  /** Shown where a token is wrong; null for an error. */
  readonly substitute: { readonly content: Buffer; readonly contentType: string } | null;
  /** What `Access-Control-Allow-Origin` says of files; null for no such header. */
  readonly allowedOrigin: string | null;
}

export interface FileReadServices {
  readonly core: CoreServices;
  readonly findCredentials: FindCredentials;
  /** Told of URLs that caches may keep. */
  readonly seenTargets?: SeenTargets;
}

const allowedMethods = 'GET, HEAD';

/** `GET` and `HEAD` of files by their IDs. */
export class FileReads {
  readonly #services: FileReadServices;
  readonly #rules: FileReadRules;

  constructor(services: FileReadServices, rules: FileReadRules) {
    this.#services = services;
    this.#rules = rules;
  }

  /** Whether the path is, or looks as if it were meant as, that of a file. */
  isFilePath(path: string): boolean {
    return parseFileUrl(path, this.#rules) !== 'no-file';
  }

  /** Throws `FilesError` and what the index and the storage servers throw. */
  async answer(exchange: Exchange): Promise<HttpResponse> {
    const { method = '' } = exchange.incoming;
    exchange.operationName = method === 'HEAD' ? 'HeadFile' : 'GetFile';
    const url = requireFileUrl(pathOf(exchange), this.#rules);
    exchange.key = url.fileId;
    const { allowedOrigin } = this.#rules;
    if (allowedOrigin !== null) exchange.corsHeaders = originHeaders(allowedOrigin);
    if (method === 'OPTIONS' && allowedOrigin !== null) return preflight();
    if (method !== 'GET' && method !== 'HEAD') {
      throw new FilesError(405, 'Files can be read only.', { headers: { allow: allowedMethods } });
    }
    return await this.#read(exchange, url, method === 'HEAD');
  }

  async #read(exchange: Exchange, url: FileUrl, isHead: boolean): Promise<HttpResponse> {
    const { core, findCredentials } = this.#services;
    const { signal } = exchange;
    const headers = ReceivedHeaders.parse(exchange.incoming.rawHeaders);
    const query = queryOf(exchange.target);
    const nowMs = core.now();
    const facts = requestFacts(exchange, headers, nowMs);
    const held = core.openFiles.hold();
    try {
      // In the turn of the look-up, so that the file is not deleted under its reader.
      held.add(url.fileId);
      const known = await findKnownFile(core, url.fileId);
      const request = { url, query, headers, facts };
      const opening = await openFile(request, known, this.#rules, findCredentials);
      if (opening === 'substitute') return this.#substitute();
      exchange.caller = opening.caller;
      exchange.bucketName = opening.place?.bucket.name ?? null;
      const question: FileQuestion = { url, query, headers, opening, nowMs };
      const response = await this.#hand(question, isHead, signal);
      if (opening.privateUntilMs === null) this.#remember(url, exchange.target);
      return response;
    } finally {
      held.release();
    }
  }

  async #hand(question: FileQuestion, isHead: boolean, signal: AbortSignal): Promise<HttpResponse> {
    const { core } = this.#services;
    const { handingOver, antiSteal } = this.#rules;
    const { url, query } = question;
    // Another nginx asks because it does not have the file: it must not be sent on.
    const isAskedByModule = query.has('redirect');
    if (handingOver.mode === 'redirect' && !isAskedByModule) {
      return await redirectAnswer(core, handingOver.base, question, antiSteal, signal);
    }
    if (handingOver.mode === 'accel' && !isAskedByModule) {
      const isAppender = describeFile(core.blobs, url.fileId).kind === 'appender';
      return accelAnswer(handingOver.prefix, question, this.#rules, isAppender);
    }
    const facts = await factsOf(core, url.fileId, signal);
    const { status, headers, pieces } = answerFile(facts, question, this.#rules);
    if (status === 304 || isHead) {
      await requireFile(core, facts, signal);
      return { status, headers };
    }
    return { status, headers, body: await openBody(core, facts, pieces, signal) };
  }

  /** Only the plain URL is known without having been seen. */
  #remember({ fileId }: FileUrl, target: string): void {
    const merged = target.replace(/^\/+/, '/');
    if (merged !== `/${fileId}`) this.#services.seenTargets?.remember(fileId, merged);
  }

  #substitute(): HttpResponse {
    const { content = Buffer.alloc(0), contentType } = this.#rules.substitute ?? {};
    const headers = { 'content-type': contentType, 'content-length': content.length };
    return { status: 200, headers: { ...headers, 'cache-control': 'no-store' }, body: content };
  }
}

/** Throws `FilesError` 400 or 404. */
function requireFileUrl(path: string, rules: FileUrlRules): FileUrl {
  const url = parseFileUrl(path, rules);
  if (url === 'malformed') throw new FilesError(400, 'This is no file ID.');
  if (url === 'metadata') throw new FilesError(404, 'Metadata is not read like a file.');
  if (url === 'no-file') throw new FilesError(404, 'There is nothing under this path.');
  return url;
}

/** Proxies may ask for whole URLs (RFC 9112, section 3.2.2). */
function pathOf({ path }: Exchange): string {
  return path.replace(/^https?:\/\/[^/]*/i, '');
}

function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1));
}

function originHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'accept-ranges, content-length, content-range, etag',
  };
}

function preflight(): HttpResponse {
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': allowedMethods,
      'access-control-allow-headers': 'range, if-range, if-none-match, if-modified-since',
      'access-control-max-age': '86400',
    },
  };
}
