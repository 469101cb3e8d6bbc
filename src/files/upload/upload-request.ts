import { Access } from '../../core/access/access.ts';
import { anonymousCaller } from '../../core/access/anonymous.ts';
import type { Caller } from '../../core/services.ts';
import type { DoorContext } from '../../http/door.ts';
import type { Exchange } from '../../http/exchange.ts';
import { Query } from '../../http/query.ts';
import { ReceivedHeaders } from '../../http/request-headers.ts';
import { type AppCredentials, appCredentialsOf, authenticateApp } from '../credentials.ts';
import { FilesError } from '../errors.ts';
import { requestFacts } from '../request-facts.ts';
import type { UploadSettings } from './upload-settings.ts';

export type UploadContext = Omit<DoorContext, 'observer' | 'requestLimit' | 'trustedProxies'> & {
  readonly uploads: UploadSettings;
};

type Fields = ReadonlyMap<string, string>;

/** A request that writes, whose credentials may be anywhere. */
export class UploadRequest {
  readonly exchange: Exchange;
  readonly context: UploadContext;
  readonly headers: ReceivedHeaders;
  readonly query: Query;
  #caller: Caller | null = null;

  /** Throws `InvalidRequest` and `InvalidURI`. */
  constructor(exchange: Exchange, context: UploadContext) {
    this.exchange = exchange;
    this.context = context;
    this.headers = ReceivedHeaders.parse(exchange.incoming.rawHeaders);
    const { target, path } = exchange;
    this.query = Query.parse(target.slice(path.length + 1));
  }

  /** A parameter of the form, or else of the query; '' counts as none. */
  parameter(fields: Fields, ...names: readonly string[]): string | null {
    for (const name of names) {
      const value = fields.get(name) || this.query.get(name);
      if (value) return value;
    }
    return null;
  }

  /**
   * Whose credentials the headers or the fields have, null for none. Throws 401. Asked again when
   * more fields came.
   */
  async authenticate(fields: Fields): Promise<Caller | null> {
    if (this.#caller) return this.#caller;
    const given = appCredentialsOf(this.headers) ?? this.#tokenOf(fields) ?? credentialsIn(fields);
    if (given) {
      this.#caller = await authenticateApp(given, this.context.findCredentials);
      this.exchange.caller = this.#caller;
    }
    return this.#caller;
  }

  /** What the caller may do; without credentials, what everybody may. Throws 401. */
  async access(fields: Fields): Promise<Access> {
    const caller = (await this.authenticate(fields)) ?? anonymousCaller;
    this.exchange.caller = caller;
    const facts = requestFacts(this.exchange, this.headers, this.context.core.now());
    return new Access(caller, facts);
  }

  /** What URLs in answers begin with. */
  get baseUrl(): string {
    const { publicUrl } = this.context.uploads;
    if (publicUrl !== null) return publicUrl;
    const scheme = this.exchange.origin.isSecure ? 'https' : 'http';
    return `${scheme}://${this.headers.get('host') ?? 'localhost'}`;
  }

  /** go-fastdfs has one token in a header or a field; here it is app id and app key in one. */
  #tokenOf(fields: Fields): AppCredentials | null {
    const token = this.headers.get('auth-token') ?? fields.get('auth_token');
    if (!token) return null;
    const colon = token.indexOf(':');
    if (colon === -1) throw new FilesError(401, 'The token must be app_id:app_key.');
    return { appId: token.slice(0, colon), appKey: token.slice(colon + 1) };
  }
}

/** Only when both are there: the second one may be a field that comes later. */
function credentialsIn(fields: Fields): AppCredentials | null {
  const [appId, appKey] = [fields.get('app_id'), fields.get('app_key')];
  return appId === undefined || appKey === undefined ? null : { appId, appKey };
}
