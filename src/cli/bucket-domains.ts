import { getBucket } from '../core/access/access.ts';
import {
  addBucketDomain as addDomain,
  removeBucketDomain as removeDomain,
} from '../core/bucket-domains.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { renderTable } from './table.ts';

export async function addBucketDomain(
  { services: { core } }: CommandContext,
  bucketName: string,
  domain: string,
): Promise<CommandOutput> {
  const added = await addDomain(core, await getBucket(core, bucketName), domain);
  return {
    json: { bucket: bucketName, domain: added },
    text: `Objects of ${bucketName} are downloaded at ${added} from now on.`,
  };
}

export async function removeBucketDomain(
  { services: { core } }: CommandContext,
  bucketName: string,
  domain: string,
): Promise<CommandOutput> {
  const removed = await removeDomain(core, await getBucket(core, bucketName), domain);
  return {
    json: { bucket: bucketName, removed },
    text: `Removed domain ${removed} of ${bucketName}.`,
  };
}

export async function listBucketDomains(
  { services: { core } }: CommandContext,
  bucketName: string,
): Promise<CommandOutput> {
  const { id } = await getBucket(core, bucketName);
  const domains = (await core.index.listBucketDomains(id)).map(({ domain, createdAtMs }) => ({
    domain,
    createdAt: new Date(createdAtMs).toISOString(),
  }));
  const rows = domains.map(({ domain, createdAt }) => [domain, createdAt]);
  return { json: domains, text: renderTable(['DOMAIN', 'ADDED'], rows) };
}
