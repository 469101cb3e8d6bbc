import { duration, setting, size, text } from './setting-kinds.ts';
import { type ConfiguredHosts, parseServiceHosts } from './support/qiniu-hosts.ts';

const HOSTS =
  'host or host:port, or service=host with one of the services up, io, rs, rsf, api, uc and s3, joined by commas';

/** Settings of Kodo's API but for the address, its dates and their zone. */
export const qiniuSettings = {
  GATEWAY_QINIU_HOSTS: setting('', HOSTS, (value) => parseServiceHosts(value.toLowerCase())),
  GATEWAY_QINIU_REGION: text('z0', 'letters, digits and dashes, 64 at most', /^[a-z0-9-]{1,64}$/i),
  GATEWAY_QINIU_REGION_TTL: duration('1h', '1s', '30d'),
  GATEWAY_QINIU_NEW_BUCKETS: setting(
    'private',
    "private or public (everybody may read what is in buckets made through Kodo's API)",
    (value) => ({ private: false, public: true })[value],
  ),
  GATEWAY_FETCH_SIZE_MAX: size('1GiB', '1KiB', '1TiB'),
  GATEWAY_FETCH_TIMEOUT: duration('5m', '1s', '1d'),
};

/** As the door takes them. */
export function toQiniu(values: {
  readonly GATEWAY_QINIU_HOSTS: ConfiguredHosts;
  readonly GATEWAY_QINIU_REGION: string;
  readonly GATEWAY_QINIU_REGION_TTL: number;
  readonly GATEWAY_QINIU_NEW_BUCKETS: boolean;
  readonly GATEWAY_FETCH_SIZE_MAX: number;
  readonly GATEWAY_FETCH_TIMEOUT: number;
}) {
  const hosts = values.GATEWAY_QINIU_HOSTS;
  const ttlSeconds = Math.ceil(values.GATEWAY_QINIU_REGION_TTL / 1000);
  return {
    publicHosts: [...new Set(Object.values(hosts).flat())],
    regions: { name: values.GATEWAY_QINIU_REGION, ttlSeconds, hosts },
    areNewBucketsPublic: values.GATEWAY_QINIU_NEW_BUCKETS,
    fetchLimits: {
      sizeBytesMax: values.GATEWAY_FETCH_SIZE_MAX,
      timeoutMs: values.GATEWAY_FETCH_TIMEOUT,
    },
  };
}
