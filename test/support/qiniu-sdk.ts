import qiniu from 'qiniu';
import type { GatewayProcess, StartOptions } from './gateway-process.ts';

/** Settings of a gateway whose Qiniu door is tested with SDKs, and with servers on loopback. */
export const qiniuGateway: StartOptions = {
  env: { GATEWAY_QINIU_LISTEN: '127.0.0.1:0', GATEWAY_OUTBOUND_ALLOW: '127.0.0.0/8' },
};

type PutPolicyOptions = ConstructorParameters<typeof qiniu.rs.PutPolicy>[0];

/** Qiniu's SDK as it comes, with nothing but its hosts set to a gateway. */
export interface QiniuSdk {
  readonly mac: qiniu.auth.digest.Mac;
  readonly config: qiniu.conf.Config;
  readonly buckets: qiniu.rs.BucketManager;
  readonly forms: qiniu.form_up.FormUploader;
  readonly resumable: qiniu.resume_up.ResumeUploader;
  /** An upload token, by default for an hour. */
  token(policy: PutPolicyOptions): string;
}

/** The way that most programs set: a zone, and the host of bucket calls for the whole process. */
export function sdkOf(gateway: GatewayProcess, host = new URL(gateway.qiniuUrl).host): QiniuSdk {
  const config = new qiniu.conf.Config();
  config.useHttpsDomain = false;
  config.zone = new qiniu.conf.Zone([host], [host], host, host, host, host);
  config.zoneExpire = -1;
  (qiniu.conf as { UC_HOST?: string }).UC_HOST = host;
  return withConfig(gateway, config);
}

/** Without a zone: the SDK asks the gateway where everything is. */
export function discoveringSdkOf(gateway: GatewayProcess): QiniuSdk {
  const endpoint = new qiniu.httpc.Endpoint(new URL(gateway.qiniuUrl).host, {
    defaultScheme: 'http',
  });
  const provider = new qiniu.httpc.StaticEndpointsProvider([endpoint]);
  const config = new qiniu.conf.Config({
    useHttpsDomain: false,
    ucEndpointsProvider: provider,
    queryRegionsEndpointsProvider: provider,
  });
  // Its file would answer for gateways of before.
  config.regionsQueryResultCachePath = null;
  return withConfig(gateway, config);
}

function withConfig(gateway: GatewayProcess, config: qiniu.conf.Config): QiniuSdk {
  const mac = new qiniu.auth.digest.Mac(gateway.accessKeyId, gateway.secretAccessKey);
  return {
    mac,
    config,
    buckets: new qiniu.rs.BucketManager(mac, config),
    forms: new qiniu.form_up.FormUploader(config),
    resumable: new qiniu.resume_up.ResumeUploader(config),
    token: (policy) => new qiniu.rs.PutPolicy(policy).uploadToken(mac),
  };
}

/** Bytes that no two places of a file share by chance: the number of each, modulo 251. */
export function patternBytes(size: number): Buffer {
  const period = Buffer.from(Array.from({ length: 251 }, (_, index) => index));
  return Buffer.alloc(size, period);
}
