import type { BucketSetting } from '../core/bucket-settings.ts';
import { GatewayError, type GatewayErrorCode } from '../core/errors.ts';
import { checkIntegrityHeader } from './integrity-header.ts';
import type { Operation, Route, S3Request } from './operation.ts';
import { parseXml, renderXml, type XmlContent, type XmlElement } from './xml.ts';

/** Above the largest document that any of them allows. */
const documentSizeBytesMax = 1024 * 1024;

/** One subresource of buckets that is an XML document, and how it is kept. */
export interface BucketConfiguration<Value> {
  /** As AWS's operations on it end: `BucketRequestPayment`. */
  readonly name: string;
  /** Where deleting goes by another name: `BucketLifecycle`. */
  readonly deletedName?: string;
  readonly subresource: string;
  readonly rootName: string;
  /** IAM's actions; null of `delete` is for what can only be replaced. */
  readonly permissions: {
    readonly get: string;
    readonly put: string;
    readonly delete: string | null;
  };
  /** Null for what the gateway does not do: then `parse` refuses all that would do something. */
  readonly setting: BucketSetting<Value> | null;
  /** What GET answers where nothing was set: a value, or AWS's error. */
  readonly unset: { readonly value: Value } | { readonly error: GatewayErrorCode };
  /** Its value, null for nothing. Throws `MalformedXML`, or what else is wrong with it. */
  parse(root: XmlElement): Value | null;
  render(value: Value): Readonly<Record<string, XmlContent>>;
  readonly putStatus?: 200 | 204;
}

/** The routes to read it, replace it and, where that can be done, remove it. */
export function configurationRoutes<Value>(
  configuration: BucketConfiguration<Value>,
): readonly Route[] {
  const { subresource, permissions } = configuration;
  const place = { resource: 'bucket', subresource } as const;
  const routes: Route[] = [
    { ...place, method: 'GET', operation: getOperation(configuration) },
    { ...place, method: 'PUT', operation: putOperation(configuration) },
  ];
  if (permissions.delete !== null) {
    const operation = deleteOperation(configuration, permissions.delete);
    routes.push({ ...place, method: 'DELETE', operation });
  }
  return routes;
}

function getOperation<Value>(configuration: BucketConfiguration<Value>): Operation {
  const { name, rootName, permissions, setting, unset } = configuration;
  return {
    name: `Get${name}`,
    permission: permissions.get,
    bucketAccess: 'required',
    async handle(_request, { bucket }) {
      const value = setting?.of(bucket) ?? null;
      if (value !== null) return { status: 200, body: render(value) };
      if ('value' in unset) return { status: 200, body: render(unset.value) };
      throw new GatewayError(unset.error, { BucketName: bucket.name });
    },
  };
  function render(value: Value): string {
    return renderXml(rootName, configuration.render(value));
  }
}

function putOperation<Value>(configuration: BucketConfiguration<Value>): Operation {
  const { name, rootName, permissions, setting, putStatus = 200 } = configuration;
  return {
    name: `Put${name}`,
    permission: permissions.put,
    bucketAccess: 'required',
    async handle(request, { core, bucket }) {
      const value = configuration.parse(await readDocument(request, rootName));
      await setting?.put(core, bucket, value);
      return { status: putStatus };
    },
  };
}

function deleteOperation<Value>(
  { name, deletedName = name, setting }: BucketConfiguration<Value>,
  permission: string,
): Operation {
  return {
    name: `Delete${deletedName}`,
    permission,
    bucketAccess: 'required',
    async handle(_request, { core, bucket }) {
      await setting?.put(core, bucket, null);
      return { status: 204 };
    },
  };
}

/**
 * The root element of a request's document. Throws `MissingRequestBodyError`, `MalformedXML`, and
 * `InvalidRequest` where a checksum is demanded and missing.
 */
export async function readDocument(
  request: S3Request,
  rootName: string,
  options: { readonly isGuarded?: boolean } = {},
): Promise<XmlElement> {
  if (options.isGuarded) checkIntegrityHeader(request.headers);
  const document = await request.text(documentSizeBytesMax);
  if (document.trim() === '') throw new GatewayError('MissingRequestBodyError');
  return parseXml(document, rootName);
}
