import type { Route } from './operation.ts';
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from './operations/acls.ts';
import { bucketConfigurationRoutes } from './operations/bucket-configurations.ts';
import { deleteBucketCors, getBucketCors, putBucketCors } from './operations/bucket-cors.ts';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './operations/bucket-policy.ts';
import { getBucketVersioning, putBucketVersioning } from './operations/bucket-versioning.ts';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from './operations/buckets.ts';
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts';
import { copyObject } from './operations/copy-object.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
} from './operations/create-multipart-upload.ts';
import { deleteObject, deleteObjects } from './operations/delete-objects.ts';
import { getObject, headObject } from './operations/get-object.ts';
import { getObjectAttributes } from './operations/get-object-attributes.ts';
import { listMultipartUploads } from './operations/list-multipart-uploads.ts';
import { listObjectVersions } from './operations/list-object-versions.ts';
import { listObjects, listObjectsV2 } from './operations/list-objects.ts';
import { listParts } from './operations/list-parts.ts';
import { listedConfigurationRoutes } from './operations/listed-configurations.ts';
import {
  getObjectLockConfiguration,
  putObjectLockConfiguration,
} from './operations/object-lock-configuration.ts';
import {
  getObjectLegalHold,
  getObjectRetention,
  putObjectLegalHold,
  putObjectRetention,
} from './operations/object-retention.ts';
import {
  deleteObjectTagging,
  getObjectTagging,
  putObjectTagging,
} from './operations/object-tagging.ts';
import {
  deleteBucketOwnershipControls,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
} from './operations/ownership-controls.ts';
import { postObject } from './operations/post-object.ts';
import {
  deletePublicAccessBlock,
  getPublicAccessBlock,
  putPublicAccessBlock,
} from './operations/public-access-block.ts';
import { putObject } from './operations/put-object.ts';
import { renameObject } from './operations/rename-object.ts';
import { uploadPart, uploadPartCopy } from './operations/upload-part.ts';

const copySource = 'x-amz-copy-source';

/**
 * Every operation that the gateway has: one row per method, resource and subresource, in any order.
 */
export const routes: readonly Route[] = [
  { method: 'GET', resource: 'service', subresource: null, operation: listBuckets },

  { method: 'PUT', resource: 'bucket', subresource: null, operation: createBucket },
  { method: 'HEAD', resource: 'bucket', subresource: null, operation: headBucket },
  { method: 'DELETE', resource: 'bucket', subresource: null, operation: deleteBucket },
  { method: 'GET', resource: 'bucket', subresource: 'location', operation: getBucketLocation },
  { method: 'GET', resource: 'bucket', subresource: null, operation: listObjects },
  { method: 'GET', resource: 'bucket', subresource: 'list-type', operation: listObjectsV2 },
  { method: 'GET', resource: 'bucket', subresource: 'versions', operation: listObjectVersions },
  { method: 'GET', resource: 'bucket', subresource: 'uploads', operation: listMultipartUploads },
  { method: 'PUT', resource: 'bucket', subresource: 'cors', operation: putBucketCors },
  { method: 'GET', resource: 'bucket', subresource: 'cors', operation: getBucketCors },
  { method: 'DELETE', resource: 'bucket', subresource: 'cors', operation: deleteBucketCors },
  { method: 'PUT', resource: 'bucket', subresource: 'policy', operation: putBucketPolicy },
  { method: 'GET', resource: 'bucket', subresource: 'policy', operation: getBucketPolicy },
  { method: 'DELETE', resource: 'bucket', subresource: 'policy', operation: deleteBucketPolicy },
  {
    method: 'GET',
    resource: 'bucket',
    subresource: 'policyStatus',
    operation: getBucketPolicyStatus,
  },
  { method: 'POST', resource: 'bucket', subresource: 'delete', operation: deleteObjects },
  { method: 'PUT', resource: 'bucket', subresource: 'versioning', operation: putBucketVersioning },
  { method: 'GET', resource: 'bucket', subresource: 'versioning', operation: getBucketVersioning },

  {
    method: 'GET',
    resource: 'bucket',
    subresource: 'object-lock',
    operation: getObjectLockConfiguration,
  },
  {
    method: 'PUT',
    resource: 'bucket',
    subresource: 'object-lock',
    operation: putObjectLockConfiguration,
  },
  ...bucketConfigurationRoutes,
  ...listedConfigurationRoutes,
  { method: 'POST', resource: 'bucket', subresource: null, operation: postObject },
  { method: 'GET', resource: 'bucket', subresource: 'acl', operation: getBucketAcl },
  { method: 'PUT', resource: 'bucket', subresource: 'acl', operation: putBucketAcl },
  {
    method: 'GET',
    resource: 'bucket',
    subresource: 'ownershipControls',
    operation: getBucketOwnershipControls,
  },
  {
    method: 'PUT',
    resource: 'bucket',
    subresource: 'ownershipControls',
    operation: putBucketOwnershipControls,
  },
  {
    method: 'DELETE',
    resource: 'bucket',
    subresource: 'ownershipControls',
    operation: deleteBucketOwnershipControls,
  },
  {
    method: 'GET',
    resource: 'bucket',
    subresource: 'publicAccessBlock',
    operation: getPublicAccessBlock,
  },
  {
    method: 'PUT',
    resource: 'bucket',
    subresource: 'publicAccessBlock',
    operation: putPublicAccessBlock,
  },
  {
    method: 'DELETE',
    resource: 'bucket',
    subresource: 'publicAccessBlock',
    operation: deletePublicAccessBlock,
  },

  { method: 'PUT', resource: 'object', subresource: null, operation: putObject },
  {
    method: 'PUT',
    resource: 'object',
    subresource: null,
    header: copySource,
    operation: copyObject,
  },
  { method: 'PUT', resource: 'object', subresource: 'renameObject', operation: renameObject },
  { method: 'GET', resource: 'object', subresource: null, operation: getObject },
  { method: 'HEAD', resource: 'object', subresource: null, operation: headObject },
  {
    method: 'GET',
    resource: 'object',
    subresource: 'attributes',
    operation: getObjectAttributes,
  },
  { method: 'DELETE', resource: 'object', subresource: null, operation: deleteObject },
  { method: 'GET', resource: 'object', subresource: 'acl', operation: getObjectAcl },
  { method: 'PUT', resource: 'object', subresource: 'acl', operation: putObjectAcl },

  { method: 'GET', resource: 'object', subresource: 'tagging', operation: getObjectTagging },
  { method: 'PUT', resource: 'object', subresource: 'tagging', operation: putObjectTagging },
  { method: 'DELETE', resource: 'object', subresource: 'tagging', operation: deleteObjectTagging },
  { method: 'GET', resource: 'object', subresource: 'retention', operation: getObjectRetention },
  { method: 'PUT', resource: 'object', subresource: 'retention', operation: putObjectRetention },
  { method: 'GET', resource: 'object', subresource: 'legal-hold', operation: getObjectLegalHold },
  { method: 'PUT', resource: 'object', subresource: 'legal-hold', operation: putObjectLegalHold },

  { method: 'POST', resource: 'object', subresource: 'uploads', operation: createMultipartUpload },
  { method: 'PUT', resource: 'object', subresource: 'uploadId', operation: uploadPart },
  {
    method: 'PUT',
    resource: 'object',
    subresource: 'uploadId',
    header: copySource,
    operation: uploadPartCopy,
  },
  {
    method: 'POST',
    resource: 'object',
    subresource: 'uploadId',
    operation: completeMultipartUpload,
  },
  {
    method: 'DELETE',
    resource: 'object',
    subresource: 'uploadId',
    operation: abortMultipartUpload,
  },
  { method: 'GET', resource: 'object', subresource: 'uploadId', operation: listParts },
];
