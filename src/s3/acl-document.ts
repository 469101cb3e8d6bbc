import { type Acl, aclPermissions, isGroup } from '../core/access/acl.ts';
import { anonymousCaller } from '../core/access/anonymous.ts';
import type {
  RequestedAcl,
  RequestedGrant,
  RequestedGrantee,
} from '../core/access/requested-acl.ts';
import { GatewayError } from '../core/errors.ts';
import { ownerNames } from '../core/owner-names.ts';
import type { CoreServices } from '../core/services.ts';
import { groupUri, parseGroupUri, requestedAcl } from './acl-headers.ts';
import type { S3Request } from './operation.ts';
import { parseXml, renderXml, type XmlElement } from './xml.ts';

/** 100 grants take a tenth of it. */
const documentSizeBytesMax = 64 * 1024;

/**
 * The ACL that a request gives in its headers or as a document. Throws `MissingSecurityHeader` for
 * neither, `UnexpectedContent` for both, `MalformedXML` and `MalformedACLError`.
 */
export async function readAcl(request: S3Request): Promise<RequestedAcl> {
  const inHeaders = requestedAcl(request.headers);
  const document = await request.text(documentSizeBytesMax);
  if (document.trim() === '') {
    if (inHeaders) return inHeaders;
    throw new GatewayError('MissingSecurityHeader', { MissingHeaderName: 'x-amz-acl' });
  }
  if (inHeaders) throw new GatewayError('UnexpectedContent');
  return parseAclDocument(document);
}

function parseAclDocument(document: string): RequestedAcl {
  const root = parseXml(document, 'AccessControlPolicy');
  const ownerId = root.find('Owner')?.textOf('ID')?.trim();
  const list = root.find('AccessControlList');
  if (!ownerId || !list) throw new GatewayError('MalformedACLError');
  if (list.children.some(({ name }) => name !== 'Grant')) {
    throw new GatewayError('MalformedACLError');
  }
  return { kind: 'grants', grants: list.children.map(parseGrant), ownerId };
}

function parseGrant(element: XmlElement): RequestedGrant {
  const grantee = element.find('Grantee');
  const text = element.textOf('Permission')?.trim();
  const permission = aclPermissions.find((known) => known === text);
  if (!grantee || !permission) throw new GatewayError('MalformedACLError');
  return { grantee: parseGrantee(grantee), permission };
}

/** What is inside says of which type it is. */
function parseGrantee(element: XmlElement): RequestedGrantee {
  const id = element.textOf('ID')?.trim();
  const uri = element.textOf('URI')?.trim();
  const address = element.textOf('EmailAddress')?.trim();
  if ([id, uri, address].filter((text) => text !== undefined).length === 1) {
    if (id) return { kind: 'id', id };
    if (uri) return { kind: 'group', group: parseGroupUri(uri) };
    if (address) return { kind: 'email', address };
  }
  throw new GatewayError('MalformedACLError');
}

/** AccessControlPolicy, as GetBucketAcl and GetObjectAcl answer it; groups come first. */
export async function renderAclDocument(
  core: Pick<CoreServices, 'index'>,
  ownerId: string,
  acl: Acl,
): Promise<string> {
  const users = acl.map(({ grantee }) => grantee).filter((grantee) => !isGroup(grantee));
  const names = new Map(await ownerNames(core, [ownerId, ...users]));
  names.set(anonymousCaller.userId, anonymousCaller.userName);
  const person = (id: string) => ({ ID: id, DisplayName: names.get(id) });
  const type = (name: string) =>
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${name}"`;
  return renderXml('AccessControlPolicy', {
    Owner: person(ownerId),
    AccessControlList: {
      Grant: acl.map(({ grantee, permission }) => ({
        Grantee: isGroup(grantee)
          ? { '@': type('Group'), URI: groupUri(grantee) }
          : { '@': type('CanonicalUser'), ...person(grantee) },
        Permission: permission,
      })),
    },
  });
}
