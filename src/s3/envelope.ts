import type { IncomingContent } from '../core/incoming-content.ts';
import type { Caller } from '../core/services.ts';
import type { BodyPaceLimits } from '../http/body-pace.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import { authenticate } from './auth/authenticate.ts';
import type { AuthenticationContext, AuthenticationRequest } from './auth/authentication.ts';
import { hasBody, RequestBody } from './body.ts';
import type { FormFields, Operation } from './operation.ts';

/**
 * What a request carries and who sends it, once that is verified. A form carries the same things
 * elsewhere than other requests; from here on there is no difference.
 */
export interface Envelope {
  readonly caller: Caller;
  /** Null for the bucket or the service itself. */
  readonly key: string | null;
  readonly headers: RequestHeaders;
  /** What policies may ask for. */
  readonly policyHeaders: Pick<RequestHeaders, 'get'>;
  readonly form: FormFields | null;
  /** Throws what is wrong with what the headers say of the body. */
  content(operation: Operation): IncomingContent;
  text(operation: Operation, sizeBytesMax: number): Promise<string>;
  /** To be called at the end, whatever it is. */
  close(): void;
}

export interface EnvelopeContext extends AuthenticationContext {
  readonly bodyPace: BodyPaceLimits;
}

/** `x-amz-checksum-*` headers of these speak of the object that results, not of the XML sent. */
const checksumOfObject: ReadonlySet<string> = new Set(['CompleteMultipartUpload']);

/** A request that says in its head all there is to say. Throws what authentication throws. */
export async function openRequest(
  exchange: Exchange,
  request: AuthenticationRequest,
  context: EnvelopeContext,
): Promise<Envelope> {
  const authentication = await authenticate(request, context);
  const { caller, headers } = authentication;
  const content = (operation: Operation) =>
    new RequestBody(exchange.incoming, authentication, {
      pace: context.bodyPace,
      checksumIsOfObject: checksumOfObject.has(operation.name),
      onOpen: (stream) => exchange.readBody(stream),
    });
  return {
    caller,
    key: request.target.key,
    headers,
    policyHeaders: headers,
    form: null,
    content,
    text: async (operation, sizeBytesMax) =>
      hasBody(headers) ? content(operation).text(sizeBytesMax) : '',
    close() {},
  };
}
