import { GatewayError } from '../../core/errors.ts';
import { type DefaultRetention, defaultRetention, putObjectLock } from '../../core/object-lock.ts';
import { readDocument } from '../bucket-configuration.ts';
import { parseMode } from '../object-lock.ts';
import type { Operation } from '../operation.ts';
import { renderXml, type XmlElement } from '../xml.ts';

const rootName = 'ObjectLockConfiguration';

/** A hundred years. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html */
const daysMax = 36_500;
const yearsMax = 100;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export const getObjectLockConfiguration: Operation = {
  name: 'GetObjectLockConfiguration',
  permission: 's3:GetBucketObjectLockConfiguration',
  bucketAccess: 'required',
  async handle(_request, { bucket }) {
    if (!bucket.hasObjectLock) {
      throw new GatewayError('ObjectLockConfigurationNotFoundError', { BucketName: bucket.name });
    }
    const retention = defaultRetention.of(bucket);
    const body = renderXml(rootName, {
      ObjectLockEnabled: 'Enabled',
      Rule: retention ? { DefaultRetention: retentionContent(retention) } : undefined,
    });
    return { status: 200, body };
  },
};

function retentionContent({ mode, period }: DefaultRetention) {
  return 'days' in period ? { Mode: mode, Days: period.days } : { Mode: mode, Years: period.years };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html */
export const putObjectLockConfiguration: Operation = {
  name: 'PutObjectLockConfiguration',
  permission: 's3:PutBucketObjectLockConfiguration',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const root = await readDocument(request, rootName, { isGuarded: true });
    await putObjectLock(core, bucket, parseConfiguration(root));
    return { status: 200 };
  },
};

/** Null for no default retention. Throws `MalformedXML` or `InvalidRetentionPeriod`. */
function parseConfiguration(root: XmlElement): DefaultRetention | null {
  if (root.textOf('ObjectLockEnabled')?.trim() !== 'Enabled')
    throw new GatewayError('MalformedXML');
  const rule = root.find('Rule');
  if (!rule) return null;
  const retention = rule.find('DefaultRetention');
  const mode = parseMode(retention?.textOf('Mode')?.trim() ?? null);
  if (!retention || mode === null) throw new GatewayError('MalformedXML');
  const days = retention.textOf('Days');
  const years = retention.textOf('Years');
  if ((days === null) === (years === null)) throw new GatewayError('MalformedXML');
  return days === null
    ? { mode, period: { years: parsePeriod(years ?? '', yearsMax) } }
    : { mode, period: { days: parsePeriod(days, daysMax) } };
}

function parsePeriod(text: string, max: number): number {
  if (!/^\s*[+-]?\d{1,10}\s*$/.test(text)) throw new GatewayError('MalformedXML');
  const period = Number(text);
  if (period <= 0) throw new GatewayError('InvalidRetentionPeriod');
  if (period > max) {
    throw new GatewayError('InvalidRetentionPeriod', {
      message: 'Default retention period too large',
    });
  }
  return period;
}
