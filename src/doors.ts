import { type Config, ConfigError } from './config.ts';
import type { AccessKeys } from './core/access-keys.ts';
import type { CoreServices } from './core/services.ts';
import { createFilesDoor } from './files/door.ts';
import { readSubstitute, type Substitute } from './files/read/substitute.ts';
import { type HttpListener, type ListenableDoor, listenHttp } from './http/listener.ts';
import { RequestLimit } from './http/request-limit.ts';
import type { RequestObserver } from './http/request-observer.ts';
import { TrustedProxies } from './http/trusted-proxies.ts';
import type { Purging } from './open-purging.ts';
import { createQiniuDoor } from './qiniu/door.ts';
import { createS3Door } from './s3/door.ts';
import { type DoorAddresses, type DoorName, doorNames, listenSettings } from './support/doors.ts';
import { toListenError } from './support/listen.ts';
import type { HostPort } from './support/units.ts';

export interface DoorServices {
  readonly core: CoreServices;
  readonly accessKeys: AccessKeys;
  readonly observer: (door: DoorName) => RequestObserver;
  readonly purging: Purging | null;
}

export interface OpenDoors {
  /** Of those that are open, with the ports that they got. */
  readonly addresses: DoorAddresses;
  /** See `HttpListener`. */
  close(graceMs: number): Promise<void>;
}

/** Where the doors are to be that are not off. */
export function wantedDoors({ s3, qiniu, files }: Config): DoorAddresses {
  const listen = { s3: s3.listen, qiniu: qiniu.listen, files: files.listen };
  return Object.fromEntries(Object.entries(listen).filter(([, address]) => address !== null));
}

/** Serves the doors at these addresses from this process. Throws `ListenError`. */
export async function openDoors(
  services: DoorServices,
  config: Config,
  wanted: DoorAddresses,
): Promise<OpenDoors> {
  const creators = doorCreators(services, config);
  const listeners: HttpListener[] = [];
  const close = async (graceMs: number) => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
  };
  const addresses: Partial<Record<DoorName, HostPort>> = {};
  try {
    for (const name of doorNames) {
      const address = wanted[name];
      if (!address) continue;
      const listener = await listenDoor(creators[name](), name, address);
      listeners.push(listener);
      addresses[name] = { host: address.host, port: listener.port };
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  return { addresses, close };
}

async function listenDoor(
  door: ListenableDoor,
  name: DoorName,
  wanted: HostPort,
): Promise<HttpListener> {
  try {
    return await listenHttp(door, wanted);
  } catch (error) {
    throw toListenError(error, wanted, listenSettings[name]);
  }
}

function doorCreators(
  { core, accessKeys, observer, purging }: DoorServices,
  { http, s3, qiniu: { listen: _, ...qiniu }, files: { reads, uploads }, copiesNeeded }: Config,
): Readonly<Record<DoorName, () => ListenableDoor>> {
  const common = {
    core,
    findCredentials: (id: string) => accessKeys.findCredentials(id),
    bodyPace: http.bodyPace,
    requestLimit: new RequestLimit(http.requestsMax),
    trustedProxies: new TrustedProxies(http.trustedProxies),
  };
  const { domains, acceptsSignatureV2 } = s3;
  return {
    s3: () => createS3Door({ ...common, observer: observer('s3'), domains, acceptsSignatureV2 }),
    qiniu: () => createQiniuDoor({ ...common, ...qiniu, observer: observer('qiniu') }),
    files: () =>
      createFilesDoor({
        ...{ ...common, copiesNeeded, observer: observer('files') },
        reads: fileReadRules(reads),
        ...(purging && { seenTargets: purging.seenTargets }),
        uploads: { ...uploads, allowedOrigin: reads.allowedOrigin },
      }),
  };
}

/** Throws `ConfigError` when the substitute of refused files cannot be read. */
function fileReadRules({ substitutePath, antiSteal, ...rules }: Config['files']['reads']) {
  const substitute = substitutePath === null ? null : openSubstitute(substitutePath);
  return {
    ...rules,
    antiSteal: { ...antiSteal, hasSubstitute: substitute !== null },
    substitute,
  };
}

function openSubstitute(path: string): Substitute {
  try {
    return readSubstitute(path);
  } catch (error) {
    throw new ConfigError([`GATEWAY_FILES_TOKEN_SUBSTITUTE: ${(error as Error).message}.`]);
  }
}
