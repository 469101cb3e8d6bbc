import type { Config } from './config.ts';
import type { AccessKeys } from './core/access-keys.ts';
import type { CoreServices } from './core/services.ts';
import { type HttpListener, listenHttp } from './http/listener.ts';
import type { RequestObserver } from './http/request-observer.ts';
import { TrustedProxies } from './http/trusted-proxies.ts';
import { createS3Door } from './s3/door.ts';
import { toListenError } from './support/listen.ts';
import type { HostPort } from './support/units.ts';

export interface S3DoorServices {
  readonly core: CoreServices;
  readonly accessKeys: AccessKeys;
  readonly observer: RequestObserver;
}

/** Serves S3 from this process. Throws `ListenError`. */
export async function openS3Door(
  { core, accessKeys, observer }: S3DoorServices,
  { s3: { domains, bodyPace, requestsMax, acceptsSignatureV2, trustedProxies } }: Config,
  wanted: HostPort,
): Promise<HttpListener> {
  const findCredentials = (id: string) => accessKeys.findCredentials(id);
  const door = createS3Door({
    core,
    findCredentials,
    domains,
    bodyPace,
    requestsMax,
    acceptsSignatureV2,
    trustedProxies: new TrustedProxies(trustedProxies),
    observer,
  });
  try {
    return await listenHttp(door, wanted);
  } catch (error) {
    throw toListenError(error, wanted, 'GATEWAY_S3_LISTEN');
  }
}
