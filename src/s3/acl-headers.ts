import { type AclGroup, type AclPermission, aclGroups } from '../core/access/acl.ts';
import { type ObjectOwnership, objectOwnerships } from '../core/access/object-ownership.ts';
import {
  cannedAcls,
  invalidCannedAcl,
  type RequestedAcl,
  type RequestedGrant,
  type RequestedGrantee,
} from '../core/access/requested-acl.ts';
import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from '../http/request-headers.ts';

const grantHeaders: Readonly<Record<string, AclPermission>> = {
  'x-amz-grant-read': 'READ',
  'x-amz-grant-write': 'WRITE',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
  'x-amz-grant-full-control': 'FULL_CONTROL',
};

const groupUris: Readonly<Record<AclGroup, string>> = {
  AllUsers: 'http://acs.amazonaws.com/groups/global/AllUsers',
  AuthenticatedUsers: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
  LogDelivery: 'http://acs.amazonaws.com/groups/s3/LogDelivery',
};

/** The ACL that headers of a write ask for; null when there are none. Throws `InvalidArgument`. */
export function requestedAcl(headers: RequestHeaders): RequestedAcl | null {
  const canned = headers.get('x-amz-acl');
  const grants: RequestedGrant[] = [];
  for (const [name, permission] of Object.entries(grantHeaders)) {
    const value = headers.get(name);
    if (value === null) continue;
    for (const grantee of parseGrantees(name, value)) grants.push({ grantee, permission });
  }
  if (canned === null) return grants.length > 0 ? { kind: 'grants', grants, ownerId: null } : null;
  if (grants.length > 0) {
    throw new GatewayError('InvalidRequest', {
      message: 'Specifying both Canned ACLs and Header Grants is not allowed',
    });
  }
  const name = cannedAcls.find((known) => known === canned);
  if (!name) throw invalidCannedAcl(canned);
  return { kind: 'canned', name };
}

/** What `x-amz-object-ownership` asks for; null without it. Throws `InvalidArgument`. */
export function requestedOwnership(headers: RequestHeaders): ObjectOwnership | null {
  const name = 'x-amz-object-ownership';
  const value = headers.get(name);
  if (value === null) return null;
  const ownership = objectOwnerships.find((known) => known === value);
  if (ownership) return ownership;
  throw new GatewayError('InvalidArgument', {
    message: `Invalid ${name} header: ${value}`,
    ArgumentName: name,
    ArgumentValue: value,
  });
}

/** `id="…", uri="…", emailAddress="…"`; the quotes may be missing. */
function parseGrantees(name: string, value: string): readonly RequestedGrantee[] {
  const grantees: RequestedGrantee[] = [];
  const element = /\s*([a-z]+)\s*=\s*(?:"([^"]*)"|([^",\s]+))\s*(?:,|$)/iy;
  while (element.lastIndex < value.length) {
    const [, kind = '', quoted, bare] = element.exec(value) ?? [];
    const grantee = parseGrantee(kind.toLowerCase(), quoted ?? bare ?? '');
    if (!grantee) {
      throw new GatewayError('InvalidArgument', {
        message: 'Argument format not recognized',
        ArgumentName: name,
        ArgumentValue: value,
      });
    }
    grantees.push(grantee);
  }
  return grantees;
}

function parseGrantee(kind: string, value: string): RequestedGrantee | null {
  if (kind === 'id') return { kind: 'id', id: value };
  if (kind === 'emailaddress') return { kind: 'email', address: value };
  return kind === 'uri' ? { kind: 'group', group: parseGroupUri(value) } : null;
}

/** Throws `InvalidArgument` for what is none of AWS's groups. */
export function parseGroupUri(uri: string): AclGroup {
  const group = aclGroups.find((known) => groupUris[known] === uri);
  if (group) return group;
  throw new GatewayError('InvalidArgument', {
    message: 'Invalid group uri',
    ArgumentName: 'uri',
    ArgumentValue: uri,
  });
}

export function groupUri(group: AclGroup): string {
  return groupUris[group];
}
