import { corsRules } from '../../core/cors-rules.ts';
import { GatewayError } from '../../core/errors.ts';
import { parseCorsConfiguration, renderCorsRules } from '../cors/cors-rules.ts';
import type { Operation } from '../operation.ts';
import { parseXml, renderXml } from '../xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
const configurationSizeBytesMax = 64 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export const putBucketCors: Operation = {
  name: 'PutBucketCors',
  permission: 's3:PutBucketCORS',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const document = await request.text(configurationSizeBytesMax);
    if (document.trim() === '') throw new GatewayError('MissingRequestBodyError');
    const rules = parseCorsConfiguration(parseXml(document, 'CORSConfiguration'));
    await corsRules.put(core, bucket, rules);
    return { status: 200 };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export const getBucketCors: Operation = {
  name: 'GetBucketCors',
  permission: 's3:GetBucketCORS',
  bucketAccess: 'required',
  async handle(_request, { bucket }) {
    const rules = corsRules.of(bucket);
    if (!rules) throw new GatewayError('NoSuchCORSConfiguration', { BucketName: bucket.name });
    return { status: 200, body: renderXml('CORSConfiguration', renderCorsRules(rules)) };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html */
export const deleteBucketCors: Operation = {
  name: 'DeleteBucketCors',
  permission: 's3:PutBucketCORS',
  bucketAccess: 'required',
  async handle(_request, { core, bucket }) {
    await corsRules.put(core, bucket, null);
    return { status: 204 };
  },
};
