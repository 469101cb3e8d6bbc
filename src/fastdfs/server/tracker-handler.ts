import type { Command } from '../protocol/command.ts';
import type { ClusterView } from './cluster-view.ts';

/** Answers one command from the request's body; throws what has a status. */
export interface TrackerHandler {
  readonly code: number;
  answer(view: ClusterView, body: Buffer): Buffer;
}

/** A command with codecs. */
export function answer<Request, Response>(
  command: Command<Request, Response>,
  run: (view: ClusterView, request: Request) => Response,
): TrackerHandler {
  return {
    code: command.code,
    answer: (view, body) =>
      command.encodeResponse(run(view, command.decodeRequest(body)), view.faults.layout),
  };
}
