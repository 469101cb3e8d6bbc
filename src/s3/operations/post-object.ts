import { GatewayError } from '../../core/errors.ts';
import type { FormFields, Operation, S3Request, S3Response } from '../operation.ts';
import { encodeKey, keyOf } from '../parameters.ts';
import { renderXml } from '../xml.ts';
import { putObject } from './put-object.ts';

/**
 * A PutObject that a browser sends as a form; what differs is the answer.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
export const postObject: Operation = {
  name: 'PostObject',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  async handle(request, context) {
    const { form } = request;
    if (!form) {
      throw new GatewayError('PreconditionFailed', {
        Condition: 'Bucket POST must be of the enclosure-type multipart/form-data',
      });
    }
    const { headers = {} } = await putObject.handle(request, context);
    return answer(request, form, headers);
  },
};

function answer(
  request: S3Request,
  form: FormFields,
  headers: NonNullable<S3Response['headers']>,
): S3Response {
  const etag = String(headers.etag ?? '');
  const redirect = redirectOf(request, form, etag);
  if (redirect !== null) return { status: 303, headers: { ...headers, location: redirect } };
  const location = locationOf(request);
  const answered = { ...headers, location };
  switch (form.get('success_action_status')) {
    case '200':
      return { status: 200, headers: answered };
    case '201': {
      const content = {
        Location: location,
        Bucket: request.bucketName ?? '',
        Key: keyOf(request),
        ETag: etag,
      };
      const body = renderXml('PostResponse', content, { xmlns: null });
      return { status: 201, headers: answered, body };
    }
    default:
      return { status: 204, headers: answered };
  }
}

/** Where the browser is to go next; null when the form does not say, or says no address. */
function redirectOf(request: S3Request, form: FormFields, etag: string): string | null {
  const wanted = form.get('success_action_redirect') ?? form.get('redirect') ?? '';
  const url = URL.canParse(wanted) ? new URL(wanted) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  const bucket = encodeURIComponent(request.bucketName ?? '');
  const key = encodeURIComponent(keyOf(request));
  const facts = `bucket=${bucket}&key=${key}&etag=${encodeURIComponent(etag)}`;
  url.search = url.search === '' ? `?${facts}` : `${url.search}&${facts}`;
  return url.href;
}

/** The object's address, in the style in which the form was sent. */
function locationOf({ access, headers, path, key }: S3Request): string {
  const scheme = access.facts.isSecure ? 'https' : 'http';
  const bucketPath = path.replace(/\/*$/, '');
  return `${scheme}://${headers.get('host') ?? ''}${bucketPath}/${encodeKey(key ?? '')}`;
}
