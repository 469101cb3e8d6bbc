import { GatewayError } from '../core/errors.ts';
import type { QueryParameters } from '../http/query.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { Operation, Resource, Route } from './operation.ts';
import { operationParameters, subresources } from './subresources.ts';

/** What of a request decides its operation. */
export interface RoutedRequest {
  readonly method: string;
  readonly bucketName: string | null;
  readonly key: string | null;
  readonly query: QueryParameters;
  readonly headers: RequestHeaders;
}

function resourceOf(request: RoutedRequest): Resource {
  if (request.bucketName === null) return 'service';
  return request.key === null ? 'bucket' : 'object';
}

/** The one subresource that the query names, or null. Throws `InvalidArgument` for several. */
function subresourceOf(query: QueryParameters): string | null {
  const found = new Set(query.names().filter((name) => subresources.has(name)));
  const [subresource = null, conflicting] = found;
  if (conflicting !== undefined) {
    throw new GatewayError('InvalidArgument', {
      message: `Conflicting query string parameters: ${[...found].join(', ')}`,
      ArgumentName: 'ResourceType',
      ArgumentValue: subresource ?? '',
    });
  }
  if (subresource === 'list-type' && query.get('list-type') !== '2') {
    throw new GatewayError('InvalidArgument', {
      message: 'Invalid List Type',
      ArgumentName: 'list-type',
      ArgumentValue: query.get('list-type') ?? '',
    });
  }
  return subresource;
}

/**
 * Refuses what the operation does not know. Names that begin with `x-` belong to signatures, SDKs
 * and logs. Reads ignore other names that have a value, as AWS does; a bare name looks like a
 * subresource that we never heard of, and a write must not guess.
 */
function checkParameters(request: RoutedRequest, route: Route): void {
  const known = operationParameters[route.operation.name] ?? [];
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  for (const name of request.query.names()) {
    if (name === route.subresource || known.includes(name) || /^x-/i.test(name)) continue;
    if (isRead && request.query.get(name) !== '') continue;
    throw new GatewayError('NotImplemented', {
      message: `${route.operation.name} does not support the query parameter ${name}.`,
    });
  }
}

function refusal(
  request: RoutedRequest,
  resource: Resource,
  subresource: string | null,
  siblings: readonly Route[],
): GatewayError {
  if (siblings.length === 0 && subresource !== null) {
    return new GatewayError('NotImplemented', {
      message: `The subresource ${subresource} is not implemented for the resource ${resource}.`,
    });
  }
  return new GatewayError('MethodNotAllowed', {
    Method: request.method,
    ResourceType: resource.toUpperCase(),
    Allow: [...new Set(siblings.map((route) => route.method))].join(', '),
  });
}

/**
 * Makes the function that finds a request's operation among `routes`. It throws `NotImplemented`
 * for a subresource without a row and for unknown parameters, and `MethodNotAllowed` when the
 * resource has rows but not for this method.
 */
export function createResolver(routes: readonly Route[]): (request: RoutedRequest) => Operation {
  const rows = new Map<string, Route[]>();
  for (const route of routes) {
    const place = `${route.resource} ${route.subresource ?? ''}`;
    rows.set(place, [...(rows.get(place) ?? []), route]);
  }
  return (request) => {
    const resource = resourceOf(request);
    const subresource = subresourceOf(request.query);
    const siblings = rows.get(`${resource} ${subresource ?? ''}`) ?? [];
    const candidates = siblings.filter((route) => route.method === request.method);
    const route =
      candidates.find(({ header }) => header && request.headers.get(header) !== null) ??
      candidates.find(({ header }) => header === undefined);
    if (!route) throw refusal(request, resource, subresource, siblings);
    checkParameters(request, route);
    return route.operation;
  };
}
