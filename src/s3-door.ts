import type { Config } from './config.ts';
import type { AccessKeys } from './core/access-keys.ts';
import type { CoreServices } from './core/services.ts';
import { createS3App } from './s3/app.ts';
import { listenS3, type S3Listener } from './s3/listener.ts';
import type { RequestObserver } from './s3/request-observer.ts';
import { TrustedProxies } from './s3/trusted-proxies.ts';
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
): Promise<S3Listener> {
  const findCredentials = (id: string) => accessKeys.findCredentials(id);
  const app = createS3App({
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
    return await listenS3(app, wanted);
  } catch (error) {
    throw toListenError(error, wanted, 'GATEWAY_S3_LISTEN');
  }
}
