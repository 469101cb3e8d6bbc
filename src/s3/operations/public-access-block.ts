import {
  type PublicAccessBlock,
  publicAccessBlock,
} from '../../core/access/bucket-access-settings.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Operation } from '../operation.ts';
import { parseXml, renderXml } from '../xml.ts';

const documentSizeBytesMax = 64 * 1024;

const elements = {
  BlockPublicAcls: 'blockPublicAcls',
  IgnorePublicAcls: 'ignorePublicAcls',
  BlockPublicPolicy: 'blockPublicPolicy',
  RestrictPublicBuckets: 'restrictPublicBuckets',
} as const satisfies Record<string, keyof PublicAccessBlock>;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export const getPublicAccessBlock: Operation = {
  name: 'GetPublicAccessBlock',
  permission: 's3:GetBucketPublicAccessBlock',
  bucketAccess: 'required',
  async handle(_request, { bucket }) {
    const block = publicAccessBlock.of(bucket);
    if (block === null) {
      throw new GatewayError('NoSuchPublicAccessBlockConfiguration', { BucketName: bucket.name });
    }
    const content = Object.entries(elements).map(([element, name]) => [element, block[name]]);
    const body = renderXml('PublicAccessBlockConfiguration', Object.fromEntries(content));
    return { status: 200, body };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export const putPublicAccessBlock: Operation = {
  name: 'PutPublicAccessBlock',
  permission: 's3:PutBucketPublicAccessBlock',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const block = parseDocument(await request.text(documentSizeBytesMax));
    await publicAccessBlock.put(core, bucket, block);
    return { status: 200 };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export const deletePublicAccessBlock: Operation = {
  name: 'DeletePublicAccessBlock',
  permission: 's3:PutBucketPublicAccessBlock',
  bucketAccess: 'required',
  async handle(_request, { core, bucket }) {
    await publicAccessBlock.put(core, bucket, null);
    return { status: 204 };
  },
};

/** What is left out is not blocked. Throws `MalformedXML`. */
function parseDocument(document: string): PublicAccessBlock {
  const root = parseXml(document, 'PublicAccessBlockConfiguration');
  if (root.children.some(({ name }) => !Object.hasOwn(elements, name))) {
    throw new GatewayError('MalformedXML');
  }
  const isSet = (element: keyof typeof elements): boolean => {
    const text = root.textOf(element)?.trim().toLowerCase() ?? 'false';
    if (text !== 'true' && text !== 'false') throw new GatewayError('MalformedXML');
    return text === 'true';
  };
  return {
    blockPublicAcls: isSet('BlockPublicAcls'),
    ignorePublicAcls: isSet('IgnorePublicAcls'),
    blockPublicPolicy: isSet('BlockPublicPolicy'),
    restrictPublicBuckets: isSet('RestrictPublicBuckets'),
  };
}
