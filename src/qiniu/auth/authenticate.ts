import { GatewayError } from '../../core/errors.ts';
import type { Caller } from '../../core/services.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { ReceivedHeaders } from '../../http/request-headers.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuServices } from '../operation.ts';
import { readBody } from '../read-body.ts';
import { signedHosts } from './canonical-requests.ts';
import { parseManagementToken, verifyManagementToken } from './management-token.ts';

/** A batch of 1000 copies with keys of 750 bytes, percent-encoded, has less than this. */
const managementBodySizeBytesMax = 8 * 1024 * 1024;

export interface Authenticated {
  readonly caller: Caller;
  readonly body: Buffer;
}

/**
 * Who signed a management call, and its body. Throws 401 for whatever is wrong with the token, 403
 * when the signed date is too far from the gateway's clock, and 413 for a body that is too large.
 */
export async function authenticateManagement(
  exchange: Exchange,
  headers: ReceivedHeaders,
  target: string,
  hasCommands: boolean,
  services: QiniuServices,
): Promise<Authenticated> {
  const header = headers.get('authorization');
  if (header === null) throw new QiniuError(401, 'token not specified');
  const token = parseManagementToken(header);
  const credentials = token && (await services.findCredentials(token.accessKeyId));
  if (!token || !credentials) throw new QiniuError(401, 'bad token');
  const body = await readBody(exchange, managementBodySizeBytesMax, services.bodyPace);
  const isValid = verifyManagementToken(token, credentials.secretAccessKey, {
    method: exchange.incoming.method ?? '',
    target,
    hosts: signedHosts(headers.get('host') ?? '', {
      listenPort: exchange.incoming.socket.localPort ?? null,
      others: [...exchange.origin.forwardedHosts, ...services.publicHosts],
    }),
    contentType: headers.get('content-type'),
    headers: headers.entries(),
    body,
    isBodySigned: hasCommands,
  });
  if (!isValid) throw new QiniuError(401, 'bad token');
  // Tokens of the old scheme do not sign it.
  if (token.scheme === 'Qiniu') checkDate(headers.get('x-qiniu-date'), services);
  return { caller: credentials.caller, body };
}

/** `20231114T221320Z`; clients may leave the header out. */
function checkDate(header: string | null, { dateSkewMsMax, core }: QiniuServices): void {
  if (header === null || dateSkewMsMax === null) return;
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(header);
  const [year = 0, month = 0, day, hour, minute, second] = (match ?? []).slice(1).map(Number);
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (!match || !(Math.abs(core.now() - timeMs) <= dateSkewMsMax)) {
    throw new GatewayError('RequestTimeTooSkewed');
  }
}
