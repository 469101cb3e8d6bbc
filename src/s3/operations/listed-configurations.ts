import { GatewayError } from '../../core/errors.ts';
import type { Operation, Route } from '../operation.ts';
import { renderXml } from '../xml.ts';

/** Configurations of which a bucket could have many by `id`, and never has one here. */
interface ListedConfiguration {
  /** As AWS's operations on one of them end. */
  readonly name: string;
  readonly subresource: string;
  readonly listRootName: string;
  readonly permissions: { readonly get: string; readonly put: string };
}

const listed: readonly ListedConfiguration[] = [
  {
    name: 'BucketAnalyticsConfiguration',
    subresource: 'analytics',
    listRootName: 'ListBucketAnalyticsConfigurationsResult',
    permissions: { get: 's3:GetAnalyticsConfiguration', put: 's3:PutAnalyticsConfiguration' },
  },
  {
    name: 'BucketIntelligentTieringConfiguration',
    subresource: 'intelligent-tiering',
    listRootName: 'ListBucketIntelligentTieringConfigurationsOutput',
    permissions: {
      get: 's3:GetIntelligentTieringConfiguration',
      put: 's3:PutIntelligentTieringConfiguration',
    },
  },
  {
    name: 'BucketInventoryConfiguration',
    subresource: 'inventory',
    listRootName: 'ListInventoryConfigurationsResult',
    permissions: { get: 's3:GetInventoryConfiguration', put: 's3:PutInventoryConfiguration' },
  },
  {
    name: 'BucketMetricsConfiguration',
    subresource: 'metrics',
    listRootName: 'ListMetricsConfigurationsResult',
    permissions: { get: 's3:GetMetricsConfiguration', put: 's3:PutMetricsConfiguration' },
  },
];

/** Lists them all, or gets one when the request has an `id`: AWS has one subresource for both. */
function getOrList({ name, listRootName, permissions }: ListedConfiguration): Operation {
  return {
    name: `Get${name}`,
    permission: permissions.get,
    bucketAccess: 'required',
    async handle({ query }, { bucket }) {
      if (query.has('id')) throw noSuchConfiguration(bucket.name);
      return { status: 200, body: renderXml(listRootName, { IsTruncated: false }) };
    },
  };
}

function put({ name, permissions }: ListedConfiguration): Operation {
  return {
    name: `Put${name}`,
    permission: permissions.put,
    bucketAccess: 'required',
    async handle() {
      throw new GatewayError('NotImplemented', {
        message: `Put${name} is not supported here; nothing was changed.`,
      });
    },
  };
}

function remove({ name, permissions }: ListedConfiguration): Operation {
  return {
    name: `Delete${name}`,
    permission: permissions.put,
    bucketAccess: 'required',
    async handle(_request, { bucket }) {
      throw noSuchConfiguration(bucket.name);
    },
  };
}

function noSuchConfiguration(bucketName: string): GatewayError {
  return new GatewayError('NoSuchConfiguration', { BucketName: bucketName });
}

export const listedConfigurationRoutes: readonly Route[] = listed.flatMap((configuration) => {
  const place = { resource: 'bucket', subresource: configuration.subresource } as const;
  return [
    { ...place, method: 'GET', operation: getOrList(configuration) },
    { ...place, method: 'PUT', operation: put(configuration) },
    { ...place, method: 'DELETE', operation: remove(configuration) },
  ];
});
