import type { Config } from './config.ts';
import { listenConsole } from './console/listen.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { createS3App } from './s3/app.ts';
import { listenS3, type S3Listener } from './s3/listener.ts';
import { Closers } from './support/closers.ts';
import { localUrl, toListenError } from './support/listen.ts';
import { createLogger, type Logger } from './support/logger.ts';
import type { HostPort } from './support/units.ts';

/** Beyond the grace that requests get: what closing index and connections may take. */
const CLOSE_TIMEOUT_MS = 15_000;

/**
 * Runs the gateway until SIGTERM or SIGINT, then lets requests under way end and closes everything.
 * A second signal ends the process at once. Throws when it cannot start.
 */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel);
  endOnUncaughtErrors(logger);
  const signalled = firstStopSignal(logger);
  const closers = new Closers();
  let isStopping = false;
  try {
    const gateway = await openGateway(config, logger, (error) => fail(logger, error));
    closers.add(() => gateway.close());
    const { core, metrics } = gateway;
    let consoleUrl: string | null = null;
    if (config.console.listen) {
      const { copiesNeeded } = config;
      const sources = { ...core, metrics, copiesNeeded, isStopping: () => isStopping };
      const door = await listenConsole(config.console.listen, sources);
      closers.add(() => door.close());
      consoleUrl = localUrl(door.address);
    }
    let endpoint: string | null = null;
    if (config.s3.listen) {
      const door = await openS3Door(gateway, config, config.s3.listen);
      closers.add(() => door.close(config.shutdownGraceMs));
      endpoint = localUrl(door);
    }
    logger.info({ s3: endpoint, console: consoleUrl }, 'ready');
    announce(gateway, endpoint, consoleUrl, config);
    const signal = await signalled;
    isStopping = true;
    logger.info({ signal }, 'stopping: requests under way may end');
    endAfter(config.shutdownGraceMs + CLOSE_TIMEOUT_MS, logger);
  } finally {
    await closers.closeAll();
  }
  logger.info('stopped');
}

async function openS3Door(
  { core, accessKeys, metrics }: Gateway,
  { s3: { domains, bodyPace, requestsMax, acceptsSignatureV2Links } }: Config,
  wanted: HostPort,
): Promise<S3Listener> {
  const findCredentials = (id: string) => accessKeys.findCredentials(id);
  const app = createS3App({
    core,
    findCredentials,
    domains,
    bodyPace,
    requestsMax,
    acceptsSignatureV2Links,
    observer: metrics.requests,
  });
  try {
    return await listenS3(app, wanted);
  } catch (error) {
    throw toListenError(error, wanted, 'GATEWAY_S3_LISTEN');
  }
}

/** For the person at the terminal; the log on standard output stays one JSON object a line. */
function announce(
  { newRootKey, directory }: Gateway,
  endpoint: string | null,
  consoleUrl: string | null,
  config: Config,
): void {
  const lines = [
    '',
    `  S3 endpoint   ${endpoint ?? 'off'}`,
    `  Console       ${consoleUrl === null ? 'off' : `${consoleUrl}/readyz`}`,
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
      `    aws --endpoint-url ${endpoint} s3 mb s3://my-bucket`,
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

/** State after an error that nobody expected is unknown: a new process is safer than going on. */
function endOnUncaughtErrors(logger: Logger): void {
  process.on('uncaughtException', (error) => fail(logger, error));
  process.on('unhandledRejection', (reason) => fail(logger, reason));
}

function fail(logger: Logger, error: unknown): never {
  logger.fatal({ err: error }, 'the gateway cannot go on');
  process.exit(1);
}

function endAfter(timeoutMs: number, logger: Logger): void {
  const timer = setTimeout(() => {
    logger.error({ timeoutMs }, 'closing took too long: ending at once');
    process.exit(1);
  }, timeoutMs);
  timer.unref();
}
