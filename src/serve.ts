import type { Config } from './config.ts';
import { type ConsoleDoor, listenConsole } from './console/listen.ts';
import { openDoors, wantedDoors } from './doors.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { Closers } from './support/closers.ts';
import type { DoorAddresses, DoorName } from './support/doors.ts';
import { endOnUncaughtErrors, endProcess } from './support/end-process.ts';
import { localUrl } from './support/listen.ts';
import { createLogger, type Logger } from './support/logger.ts';
import type { HostPort } from './support/units.ts';

/** Beyond the grace that requests get: what closing index and connections may take. */
const CLOSE_TIMEOUT_MS = 15_000;

/**
 * Runs the gateway until SIGTERM or SIGINT, then lets requests under way end and closes everything.
 * A second signal ends the process at once. Throws when it cannot start.
 */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel, { isShared: config.workerCount > 1 });
  endOnUncaughtErrors(logger);
  const signalled = firstStopSignal(logger);
  const closers = new Closers();
  let isStopping = false;
  try {
    const gateway = await openGateway(config, logger, (error) => endProcess(logger, error));
    closers.add(() => gateway.close());
    let consoleUrl: string | null = null;
    if (config.console.listen) {
      const { listen } = config.console;
      const door = await openConsole(gateway, listen, config.copiesNeeded, () => isStopping);
      closers.add(() => door.close());
      consoleUrl = localUrl(door.address);
    }
    const addresses = await openAllDoors(gateway, config, closers);
    const urls = { ...doorUrls(addresses), console: consoleUrl };
    logger.info({ ...urls, workers: gateway.workers?.count }, 'ready');
    announce(gateway, urls, config);
    const signal = await signalled;
    isStopping = true;
    logger.info({ signal }, 'stopping: requests under way may end');
    endAfter(config.shutdownGraceMs + CLOSE_TIMEOUT_MS, logger);
  } finally {
    await closers.closeAll();
  }
  logger.info('stopped');
}

/** Resolves to what others connect to. */
async function openAllDoors(
  { core, accessKeys, metrics, workers, purging }: Gateway,
  config: Config,
  closers: Closers,
): Promise<DoorAddresses> {
  const { shutdownGraceMs } = config;
  const wanted = wantedDoors(config);
  if (workers) {
    // Also what has been started when one of them cannot start.
    closers.add(() => workers.stop(shutdownGraceMs));
    return await workers.start(wanted);
  }
  const observer = (door: DoorName) => metrics.requests.of(door);
  const doors = await openDoors({ core, accessKeys, purging, observer }, config, wanted);
  closers.add(() => doors.close(shutdownGraceMs));
  return doors.addresses;
}

/** Null for a door that is off. */
type DoorUrls = Readonly<Record<DoorName | 'console', string | null>>;

function doorUrls(addresses: DoorAddresses): Omit<DoorUrls, 'console'> {
  const urlOf = (name: DoorName) => (addresses[name] ? localUrl(addresses[name]) : null);
  return { s3: urlOf('s3'), qiniu: urlOf('qiniu'), files: urlOf('files') };
}

async function openConsole(
  { core, metrics, workers }: Gateway,
  wanted: HostPort,
  copiesNeeded: number,
  isStopping: () => boolean,
): Promise<ConsoleDoor> {
  const clusterState = () => core.blobs.clusterState();
  return await listenConsole(wanted, {
    index: core.index,
    blobs: {
      clusterState: () => workers?.clusterState(clusterState(), 'best') ?? clusterState(),
    },
    findCluster: () => workers?.clusterState(clusterState(), 'worst') ?? clusterState(),
    metrics: workers?.metrics ?? metrics,
    copiesNeeded,
    findGatewayProblem: () =>
      isStopping() ? 'the gateway is stopping' : (workers?.findProblem() ?? null),
  });
}

/** For the person at the terminal; the log on standard output stays one JSON object a line. */
function announce(
  { newRootKey, directory }: Gateway,
  { s3, qiniu, files, console }: DoorUrls,
  config: Config,
): void {
  const lines = [
    '',
    `  S3 endpoint   ${s3 ?? 'off'}`,
    `  Qiniu (Kodo)  ${qiniu ?? 'off'}`,
    `  FastDFS URLs  ${files ?? 'off'}`,
    `  Console       ${console === null ? 'off' : `${console}/readyz`}`,
    `  Data          ${config.dataDir}`,
    `  FastDFS       ${config.trackers ? 'cluster' : 'embedded node (one copy on this machine)'}`,
  ];
  if (newRootKey) {
    lines.push(
      `  Access key    ${newRootKey.accessKeyId}`,
      `  Secret key    ${newRootKey.secretAccessKey}`,
      '',
      `  The key is shown this once; it is also in ${directory.rootCredentialsPath}. Try it:`,
      '',
      `    export AWS_ACCESS_KEY_ID=${newRootKey.accessKeyId}`,
      `    export AWS_SECRET_ACCESS_KEY=${newRootKey.secretAccessKey}`,
      `    export AWS_DEFAULT_REGION=${config.s3.region}`,
      `    aws --endpoint-url ${s3} s3 mb s3://my-bucket`,
    );
  }
  process.stderr.write(`${lines.join('\n')}\n\n`);
}

function firstStopSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      signals += 1;
      if (signals === 1) return resolve(signal);
      logger.warn({ signal }, 'second signal: ending at once');
      process.exit(1);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function endAfter(timeoutMs: number, logger: Logger): void {
  const timer = setTimeout(() => {
    logger.error({ timeoutMs }, 'closing took too long: ending at once');
    process.exit(1);
  }, timeoutMs);
  timer.unref();
}
