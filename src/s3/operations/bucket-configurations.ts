import { BucketSetting } from '../../core/bucket-settings.ts';
import { GatewayError, type GatewayErrorCode } from '../../core/errors.ts';
import { requestPayment } from '../../core/request-payment.ts';
import { bucketTagging, type Tags } from '../../core/tags.ts';
import { type BucketConfiguration, configurationRoutes } from '../bucket-configuration.ts';
import type { Route } from '../operation.ts';
import { parseBucketTagging, taggingContent } from '../tagging.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
const tagging: BucketConfiguration<Tags> = {
  name: 'BucketTagging',
  subresource: 'tagging',
  rootName: 'Tagging',
  permissions: {
    get: 's3:GetBucketTagging',
    put: 's3:PutBucketTagging',
    delete: 's3:PutBucketTagging',
  },
  setting: bucketTagging,
  unset: { error: 'NoSuchTagSet' },
  parse: parseBucketTagging,
  render: taggingContent,
  putStatus: 204,
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketRequestPayment.html */
const payment: BucketConfiguration<'BucketOwner' | 'Requester'> = {
  name: 'BucketRequestPayment',
  subresource: 'requestPayment',
  rootName: 'RequestPaymentConfiguration',
  permissions: {
    get: 's3:GetBucketRequestPayment',
    put: 's3:PutBucketRequestPayment',
    delete: null,
  },
  setting: requestPayment,
  unset: { value: 'BucketOwner' },
  parse: (root) =>
    oneOf<'BucketOwner' | 'Requester'>(root.textOf('Payer'), ['BucketOwner', 'Requester']),
  render: (payer) => ({ Payer: payer }),
};

/**
 * There is nothing that could be faster than the gateway's own address.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html
 */
const accelerate: BucketConfiguration<'Suspended' | null> = {
  name: 'BucketAccelerateConfiguration',
  subresource: 'accelerate',
  rootName: 'AccelerateConfiguration',
  permissions: {
    get: 's3:GetAccelerateConfiguration',
    put: 's3:PutAccelerateConfiguration',
    delete: null,
  },
  setting: new BucketSetting<'Suspended' | null>('accelerate'),
  unset: { value: null },
  parse(root) {
    const status = oneOf(root.textOf('Status'), ['Enabled', 'Suspended']);
    if (status === 'Enabled') throw notDone('Transfer acceleration');
    return status;
  },
  render: (status) => ({ Status: status ?? undefined }),
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAbac.html */
const abac: BucketConfiguration<'Disabled'> = {
  name: 'BucketAbac',
  subresource: 'abac',
  rootName: 'AbacStatus',
  permissions: { get: 's3:GetBucketAbac', put: 's3:PutBucketAbac', delete: null },
  setting: null,
  unset: { value: 'Disabled' },
  parse(root) {
    const status = oneOf(root.textOf('Status'), ['Enabled', 'Disabled']);
    if (status === 'Enabled') throw notDone('Access control by tags of buckets');
    return status;
  },
  render: (status) => ({ Status: status }),
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
const logging = emptyOnly({
  name: 'BucketLogging',
  subresource: 'logging',
  rootName: 'BucketLoggingStatus',
  permissions: { get: 's3:GetBucketLogging', put: 's3:PutBucketLogging', delete: null },
  what: 'Access logging to a bucket',
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html */
const notification = emptyOnly({
  name: 'BucketNotificationConfiguration',
  subresource: 'notification',
  rootName: 'NotificationConfiguration',
  permissions: { get: 's3:GetBucketNotification', put: 's3:PutBucketNotification', delete: null },
  what: 'Event notification',
});

/**
 * Stored bytes are not encrypted by the gateway: AWS's answer of old, when buckets had no
 * encryption of their own, is the true one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
 */
const encryption = never({
  name: 'BucketEncryption',
  subresource: 'encryption',
  rootName: 'ServerSideEncryptionConfiguration',
  permissions: {
    get: 's3:GetEncryptionConfiguration',
    put: 's3:PutEncryptionConfiguration',
    delete: 's3:PutEncryptionConfiguration',
  },
  error: 'ServerSideEncryptionConfigurationNotFoundError',
  what: 'Encryption by the server',
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html */
const website = never({
  name: 'BucketWebsite',
  subresource: 'website',
  rootName: 'WebsiteConfiguration',
  permissions: {
    get: 's3:GetBucketWebsite',
    put: 's3:PutBucketWebsite',
    delete: 's3:DeleteBucketWebsite',
  },
  error: 'NoSuchWebsiteConfiguration',
  what: 'Website hosting',
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html */
const replication = never({
  name: 'BucketReplication',
  subresource: 'replication',
  rootName: 'ReplicationConfiguration',
  permissions: {
    get: 's3:GetReplicationConfiguration',
    put: 's3:PutReplicationConfiguration',
    delete: 's3:PutReplicationConfiguration',
  },
  error: 'ReplicationConfigurationNotFoundError',
  what: 'Replication to other buckets',
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
const lifecycle = never({
  name: 'BucketLifecycleConfiguration',
  deletedName: 'BucketLifecycle',
  subresource: 'lifecycle',
  rootName: 'LifecycleConfiguration',
  permissions: {
    get: 's3:GetLifecycleConfiguration',
    put: 's3:PutLifecycleConfiguration',
    delete: 's3:PutLifecycleConfiguration',
  },
  error: 'NoSuchLifecycleConfiguration',
  what: 'Lifecycle rules',
});

type Described = Pick<
  BucketConfiguration<never>,
  'name' | 'deletedName' | 'subresource' | 'rootName' | 'permissions'
> & { /** What it would make the gateway do. */ readonly what: string };

/** What can be set to nothing only. */
function emptyOnly({ what, ...described }: Described): BucketConfiguration<'nothing'> {
  return {
    ...described,
    setting: null,
    unset: { value: 'nothing' },
    parse({ children }) {
      if (children.length > 0) throw notDone(what);
      return null;
    },
    render: () => ({}),
  };
}

/** What cannot be set: as on a bucket of AWS where nobody has set it. */
function never({
  what,
  error,
  ...described
}: Described & { readonly error: GatewayErrorCode }): BucketConfiguration<never> {
  return {
    ...described,
    setting: null,
    unset: { error },
    parse() {
      throw notDone(what);
    },
    render: (value) => value,
  };
}

function notDone(what: string): GatewayError {
  return new GatewayError('NotImplemented', {
    message: `${what} is not supported here; nothing was changed.`,
  });
}

function oneOf<Name extends string>(text: string | null, names: readonly Name[]): Name {
  const name = names.find((known) => known === text?.trim());
  if (name === undefined) throw new GatewayError('MalformedXML');
  return name;
}

/** All that tools read of a bucket and that needs no operation of its own. */
export const bucketConfigurationRoutes: readonly Route[] = [
  ...configurationRoutes(tagging),
  ...configurationRoutes(payment),
  ...configurationRoutes(accelerate),
  ...configurationRoutes(abac),
  ...[logging, notification].flatMap(configurationRoutes),
  ...[encryption, website, replication, lifecycle].flatMap(configurationRoutes),
];
