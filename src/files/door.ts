import type { SeenTargets } from '../core/purge/seen-targets.ts';
import { ReadinessProbe } from '../core/readiness.ts';
import { type Door, type DoorContext, openDoor } from '../http/door.ts';
import { Exchange } from '../http/exchange.ts';
import type { ListenableDoor } from '../http/listener.ts';
import { renderFailure, toFilesError } from './errors.ts';
import { answerHealth } from './health.ts';
import { type FileReadRules, FileReads } from './read/file-reads.ts';
import { FileUploads } from './upload/file-uploads.ts';
import { UploadFailure } from './upload/upload-failure.ts';
import type { UploadSettings } from './upload/upload-settings.ts';

export interface FilesDoorContext extends DoorContext {
  readonly reads: FileReadRules;
  readonly uploads: UploadSettings;
  /** Storage servers that must have a file before its write succeeds. */
  readonly copiesNeeded: number;
  /** Told of URLs that caches may keep. */
  readonly seenTargets?: SeenTargets;
}

/** Below what load balancers wait for a probe. */
const checkTimeoutMs = 3_000;

/** FastDFS's own URLs over HTTP, and the forms that small upload services take. */
export function createFilesDoor(context: FilesDoorContext): ListenableDoor {
  const { core, copiesNeeded } = context;
  const { index, blobs } = core;
  const findGatewayProblem = () => null;
  const probe = new ReadinessProbe({
    ...{ index, blobs, copiesNeeded, findGatewayProblem, checkTimeoutMs },
  });
  const reads = new FileReads(context, context.reads);
  const uploads = new FileUploads(context);
  const door: Door = {
    name: 'files',
    contentType: 'text/html; charset=utf-8',
    headers: () => ({ server: 'fastdfs-s3' }),
    async dispatch(exchange) {
      const health = await answerHealth(exchange, probe);
      return health ?? (await (uploads.answer(exchange) ?? reads.answer(exchange)));
    },
    fail(request, thrown) {
      const error = toFilesError(thrown);
      const accept = request instanceof Exchange ? request.incoming.headers.accept : undefined;
      return {
        response: error instanceof UploadFailure ? error.response : renderFailure(error, accept),
        code: String(error.status),
        isFault: error.status >= 500,
      };
    },
  };
  return openDoor(door, context);
}
