/**
 * Query parameters that select an operation: AWS's complete list and those of other S3 systems.
 * A name here without a row in the route table is refused, never taken for the plain resource:
 * `DELETE /photos?policy` must not delete the bucket.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export const subresources: ReadonlySet<string> = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'annotation',
  'append',
  'attributes',
  'cors',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'list-type',
  'location',
  'logging',
  'metadataAnnotationTable',
  'metadataConfiguration',
  'metadataInventoryTable',
  'metadataJournalTable',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
  'website',
]);

const objectReadParameters = [
  'partNumber',
  'versionId',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
] as const;
const listParameters = ['delimiter', 'encoding-type', 'prefix'] as const;

/** Query parameters that an operation understands besides its subresource, by operation name. */
export const operationParameters: Readonly<Record<string, readonly string[]>> = {
  ListBuckets: ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'],
  ListObjects: [...listParameters, 'marker', 'max-keys'],
  ListObjectsV2: [
    ...listParameters,
    'continuation-token',
    'fetch-owner',
    'max-keys',
    'start-after',
  ],
  ListObjectVersions: [...listParameters, 'key-marker', 'max-keys', 'version-id-marker'],
  ListMultipartUploads: [...listParameters, 'key-marker', 'max-uploads', 'upload-id-marker'],
  ListParts: ['encoding-type', 'max-parts', 'part-number-marker'],
  GetObject: objectReadParameters,
  HeadObject: objectReadParameters,
  DeleteObject: ['versionId'],
  UploadPart: ['partNumber'],
  UploadPartCopy: ['partNumber'],
};
