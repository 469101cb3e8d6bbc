const document = (actions: readonly string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: 'arn:aws:s3:::*' }],
  });

/** Identity policies for what most users are for, by name. */
export const cannedPolicies: ReadonlyMap<string, string> = new Map([
  ['readonly', document(['s3:Get*', 's3:List*'])],
  ['readwrite', document(['s3:*'])],
  [
    'writeonly',
    document([
      's3:PutObject',
      's3:PutObjectTagging',
      's3:PutObjectAcl',
      's3:PutObjectRetention',
      's3:PutObjectLegalHold',
      's3:AbortMultipartUpload',
      's3:ListMultipartUploadParts',
    ]),
  ],
]);
