import { corsRules } from '../../core/cors-rules.ts';
import { GatewayError } from '../../core/errors.ts';
import { type ExpiryRule, expiryRules } from '../../core/expiry-rules.ts';
import { pairsOf } from '../entry.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuRoute, QiniuServices } from '../operation.ts';
import { parseKodoCorsRules, renderKodoCorsRules } from './cors-rules.ts';
import { findBucketFor } from './find-bucket.ts';
import {
  type Fields,
  renderRules,
  withAddedRule,
  withoutRule,
  withUpdatedRule,
} from './life-cycle-rules.ts';

const management = { methods: ['GET', 'POST'], authentication: 'management' } as const;
const commands = { ...management, hasCommands: true } as const;

/** What is set on a bucket: domains to look at, CORS and life-cycle rules, quotas. */
export const bucketSettingRoutes: readonly QiniuRoute[] = [
  { ...management, name: 'domains', path: '/v2/domains', handle: domainNames },
  { ...management, name: 'domains', path: '/v3/domains', handle: domains },
  { ...commands, name: 'corsRules/set', path: '/corsRules/set/:bucket', handle: setCorsRules },
  { ...management, name: 'corsRules/get', path: '/corsRules/get/:bucket', handle: getCorsRules },
  { ...management, name: 'setbucketquota', path: '/setbucketquota/:bucket/*', handle: setQuota },
  { ...management, name: 'getbucketquota', path: '/getbucketquota/:bucket', handle: getQuota },
  { ...commands, name: 'rules/add', path: '/rules/add', handle: changeRules(withAddedRule) },
  {
    ...commands,
    name: 'rules/update',
    path: '/rules/update',
    handle: changeRules(withUpdatedRule),
  },
  { ...commands, name: 'rules/delete', path: '/rules/delete', handle: changeRules(withoutRule) },
  { ...management, name: 'rules/get', path: '/rules/get', handle: getRules },
];

async function listDomains(request: QiniuRequest, services: QiniuServices) {
  const name = request.target.query.get('tbl');
  const bucket = await findBucketFor(request, services, name, 's3:GetBucketLocation');
  return { bucket, listed: await services.core.index.listBucketDomains(bucket.id) };
}

async function domainNames(request: QiniuRequest, services: QiniuServices) {
  const { listed } = await listDomains(request, services);
  return { json: listed.map(({ domain }) => domain) };
}

async function domains(request: QiniuRequest, services: QiniuServices) {
  const { bucket, listed } = await listDomains(request, services);
  return {
    json: listed.map(({ domain, createdAtMs }) => {
      const time = Math.floor(createdAtMs / 1000);
      return { domain, tbl: bucket.name, uid: 0, refresh: false, ctime: time, utime: time };
    }),
  };
}

async function setCorsRules(request: QiniuRequest, services: QiniuServices) {
  const name = request.argument('bucket');
  const bucket = await findBucketFor(request, services, name, 's3:PutBucketCORS');
  const rules = parseKodoCorsRules(request.body.toString('utf8'));
  await corsRules.put(services.core, bucket, rules.length === 0 ? null : rules);
  return {};
}

async function getCorsRules(request: QiniuRequest, services: QiniuServices) {
  const name = request.argument('bucket');
  const bucket = await findBucketFor(request, services, name, 's3:GetBucketCORS');
  return { json: renderKodoCorsRules(corsRules.of(bucket) ?? []) };
}

/**
 * The operator's quotas, which only root may change: nobody is to take away what bounds him. 0 leaves
 * a bound as it is, and -1 takes it away.
 */
async function setQuota(request: QiniuRequest, services: QiniuServices) {
  const bucket = await findBucketFor(request, services, request.argument('bucket'));
  if (!request.access.caller.isRoot) {
    throw new GatewayError('AccessDenied', {
      message: 'quotas are set with keys of the root user, or by the command line',
    });
  }
  const pairs = pairsOf(request.rest);
  await services.core.index.setQuota(
    { kind: 'bucket', bucketId: bucket.id },
    {
      sizeBytes: boundOf(pairs.get('size'), bucket.quota.sizeBytes),
      objectCount: boundOf(pairs.get('count'), bucket.quota.objectCount),
    },
  );
  return {};
}

function boundOf(text: string | undefined, current: number | null): number | null {
  const wanted = text === undefined || text === '' ? '0' : text;
  if (wanted === '-1') return null;
  if (!/^\d{1,15}$/.test(wanted)) throw new QiniuError(400, 'invalid argument: quota');
  return Number(wanted) === 0 ? current : Number(wanted);
}

async function getQuota(request: QiniuRequest, services: QiniuServices) {
  const name = request.argument('bucket');
  const { quota } = await findBucketFor(request, services, name, 's3:GetBucketLocation');
  return { json: { size: quota.sizeBytes ?? -1, count: quota.objectCount ?? -1 } };
}

/** Their fields come as a form; an SDK sends them as a query. */
function changeRules(
  change: (rules: readonly ExpiryRule[], fields: Fields, nowMs: number) => readonly ExpiryRule[],
): QiniuRoute['handle'] {
  return async (request, services) => {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const { query } = request.target;
    const fields = { get: (name: string) => form.get(name) ?? query.get(name) };
    const bucket = await findBucketFor(
      ...([request, services, fields.get('bucket')] as const),
      's3:PutLifecycleConfiguration',
    );
    const rules = change(expiryRules.of(bucket) ?? [], fields, services.core.now());
    await expiryRules.put(services.core, bucket, rules.length === 0 ? null : rules);
    return {};
  };
}

async function getRules(request: QiniuRequest, services: QiniuServices) {
  const name = request.target.query.get('bucket');
  const bucket = await findBucketFor(request, services, name, 's3:GetLifecycleConfiguration');
  return { json: renderRules(expiryRules.of(bucket) ?? []) };
}
