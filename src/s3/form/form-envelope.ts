import { GatewayError } from '../../core/errors.ts';
import { BodyStream } from '../../http/body-stream.ts';
import { PlainDecoder } from '../../http/content-decoder.ts';
import type { Exchange } from '../../http/exchange.ts';
import { formBoundary } from '../../http/form/multipart-parser.ts';
import { ReceivedHeaders } from '../../http/request-headers.ts';
import { authenticationKind, twoMechanisms } from '../auth/authenticate.ts';
import { authenticateForm, requiredField } from '../auth/authenticate-form.ts';
import type { AuthenticationRequest } from '../auth/authentication.ts';
import { declaredSize } from '../body.ts';
import type { Envelope, EnvelopeContext } from '../envelope.ts';
import { subresources } from '../subresources.ts';
import { FormContent } from './form-content.ts';
import { headersOfForm, signatureFields } from './form-headers.ts';
import { type FormHead, FormReader } from './form-reader.ts';

/**
 * The boundary of the form that a browser posts to a bucket; null when the request is no such form.
 * Throws `MalformedPOSTRequest` for a form without one.
 */
export function boundaryOfUpload({
  method,
  target,
  headers,
}: AuthenticationRequest): string | null {
  const { bucketName, key, query } = target;
  if (method !== 'POST' || bucketName === null || key !== null) return null;
  if (query.names().some((name) => subresources.has(name))) return null;
  return formBoundary(headers.get('content-type'));
}

/**
 * Reads a form up to its file. Its fields tell who sends it, the key, and what headers would.
 * Throws what is wrong with the form, its signature or its policy.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
export async function openForm(
  exchange: Exchange,
  request: AuthenticationRequest,
  boundary: string,
  context: EnvelopeContext,
): Promise<Envelope> {
  if (authenticationKind(request) !== 'anonymous') throw twoMechanisms();
  const size = declaredSize(request.headers, false);
  const body = new BodyStream(exchange.incoming, new PlainDecoder(size), {
    pace: context.bodyPace,
    onOpen: () => exchange.readBody(body),
  });
  const reader = new FormReader(body, boundary);
  try {
    const head = await reader.head();
    const fields = expandedFields(head, request.target.bucketName ?? '');
    const { caller, fileSizeRange } = await authenticateForm(fields, context);
    const key = requiredField(fields, 'key');
    const headers = formHeaders(fields, request.headers);
    const remainingBytes = size - head.fileOffset;
    return {
      caller,
      key,
      headers,
      policyHeaders: {
        get: (name) => {
          if (signatureFields.has(name)) return fields.get(name) ?? null;
          return (name.startsWith('x-amz-') ? headers : request.headers).get(name);
        },
      },
      form: fields,
      content: () =>
        new FormContent(reader, { headers, range: fileSizeRange, remainingBytes, boundary }),
      text: async () => '',
      close: () => reader.close(),
    };
  } catch (error) {
    reader.close();
    throw error;
  }
}

/**
 * The fields with what they stand for: `${filename}` is the name of the file, and the bucket is the
 * one that the form was sent to. Throws `InvalidArgument` for a form without a file.
 */
function expandedFields({ fields, fileName }: FormHead, bucketName: string) {
  if (fileName === null) {
    throw new GatewayError('InvalidArgument', {
      message: 'POST requires exactly one file upload per request.',
      ArgumentName: 'file',
      ArgumentValue: '0',
    });
  }
  const expanded = new Map<string, string>();
  for (const [name, value] of fields) {
    expanded.set(
      name,
      name === 'policy' ? value : value.replace(/\$\{filename\}/g, () => fileName),
    );
  }
  return expanded.set('bucket', bucketName);
}

function formHeaders(fields: ReadonlyMap<string, string>, received: ReceivedHeaders) {
  const host = received.get('host') ?? '';
  return ReceivedHeaders.parse(['host', host, ...[...headersOfForm(fields)].flat()]);
}
