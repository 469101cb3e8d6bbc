import { setBucketVersioning } from '../../core/bucket-versioning.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Operation } from '../operation.ts';
import { parseXml, renderXml } from '../xml.ts';

/** Two short elements. */
const configurationSizeBytesMax = 16 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export const putBucketVersioning: Operation = {
  name: 'PutBucketVersioning',
  permission: 's3:PutBucketVersioning',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    await setBucketVersioning(
      core,
      bucket,
      readStatus(await request.text(configurationSizeBytesMax)),
    );
    return { status: 200 };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export const getBucketVersioning: Operation = {
  name: 'GetBucketVersioning',
  permission: 's3:GetBucketVersioning',
  bucketAccess: 'required',
  async handle(_request, { bucket }) {
    const body = renderXml('VersioningConfiguration', { Status: bucket.versioning ?? undefined });
    return { status: 200, body };
  },
};

function readStatus(text: string): 'Enabled' | 'Suspended' {
  if (text.trim() === '') throw new GatewayError('MissingRequestBodyError');
  const document = parseXml(text, 'VersioningConfiguration');
  const mfaDelete = document.textOf('MfaDelete')?.trim();
  if (mfaDelete === 'Enabled') {
    // AWS says so to everybody but a root user who sends the code of a device.
    throw new GatewayError('AccessDenied', {
      message: 'MFA delete needs the code of an MFA device, and the gateway knows none.',
    });
  }
  if (mfaDelete !== undefined && mfaDelete !== 'Disabled') throw new GatewayError('MalformedXML');
  const status = document.textOf('Status')?.trim();
  if (status === undefined) throw new GatewayError('IllegalVersioningConfigurationException');
  if (status === 'Enabled' || status === 'Suspended') return status;
  throw new GatewayError('MalformedXML');
}
