import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { STORAGE_PORT, TRACKER_PORT } from '../../../src/fastdfs/protocol/constants.ts';
import {
  type ClusterControl,
  type ClusterNode,
  nodeNamed,
  storagesOf,
  trackersOf,
} from '../cluster-control.ts';
import { listStoredFiles } from './list-stored-files.ts';
import { listStorageServers, waitUntilActive } from './wait-until-active.ts';

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 60_000;

/**
 * A real cluster, through a command of its operator that takes `nodes` (one line `NODE ADDRESS
 * tracker|storage` for each) and `kill`, `start`, `stop`, `cut` and `heal` with the name of a node.
 * `directory` has a directory for each node, which is the store path of its storage server.
 */
export class ExternalCluster implements ClusterControl {
  readonly nodes: readonly ClusterNode[];
  readonly #command: readonly string[];
  readonly #directory: string;
  readonly #down = new Set<string>();
  readonly #cut = new Set<string>();

  private constructor(
    command: readonly string[],
    directory: string,
    nodes: readonly ClusterNode[],
  ) {
    this.#command = command;
    this.#directory = directory;
    this.nodes = nodes;
  }

  /** Rejects when the command fails, or lists a storage server that no tracker knows. */
  static async open(commandLine: string, directory: string): Promise<ExternalCluster> {
    const command = commandLine.split(' ').filter((word) => word !== '');
    const lines = (await call(command, ['nodes'])).split('\n').filter((line) => line !== '');
    const listed = lines.map((line) => {
      const [name = '', host = '', role = ''] = line.split(/\s+/);
      return { name, host, role };
    });
    const tracker = listed.find(({ role }) => role === 'tracker');
    if (tracker === undefined) throw new Error(`${commandLine} nodes lists no tracker`);
    const storages = await listStorageServers({ host: tracker.host, port: TRACKER_PORT });
    const nodes = listed.map(({ name, host, role }): ClusterNode => {
      if (role === 'tracker') {
        return { name, role, groupName: null, address: { host, port: TRACKER_PORT } };
      }
      const storage = storages.find((record) => record.host === host);
      if (storage === undefined) throw new Error(`no tracker lists ${name} at ${host}`);
      const { groupName, port } = storage;
      return { name, role: 'storage', groupName, address: { host, port: port || STORAGE_PORT } };
    });
    return new ExternalCluster(command, directory, nodes);
  }

  async stop(name: string): Promise<void> {
    this.#down.add(name);
    await this.#control('stop', name);
  }

  async kill(name: string): Promise<void> {
    this.#down.add(name);
    await this.#control('kill', name);
  }

  async start(name: string): Promise<void> {
    await this.#control('start', name);
    this.#down.delete(name);
  }

  async cut(name: string): Promise<void> {
    this.#cut.add(name);
    await this.#control('cut', name);
  }

  async heal(name: string): Promise<void> {
    await this.#control('heal', name);
    this.#cut.delete(name);
  }

  async wipe(name: string): Promise<void> {
    if (!this.#down.has(name)) throw new Error(`${name} is running`);
    nodeNamed(this, name);
    const data = join(this.#directory, name, 'data');
    // What else is there belongs to the server itself: without it the server would join as a new
    // one, and not take its lost files from its peers before it is ACTIVE.
    for (const entry of await readdir(data)) {
      if (/^[0-9A-F]{2}$/.test(entry)) await rm(join(data, entry), { recursive: true });
    }
  }

  listFiles(name: string): Promise<string[]> {
    nodeNamed(this, name);
    return listStoredFiles(join(this.#directory, name));
  }

  async close(): Promise<void> {
    for (const name of [...this.#cut]) await this.heal(name);
    for (const name of [...this.#down]) await this.start(name);
    await waitUntilActive(trackersOf(this), storagesOf(this).length);
  }

  async #control(verb: string, name: string): Promise<void> {
    nodeNamed(this, name);
    await call(this.#command, [verb, name]);
  }
}

async function call(command: readonly string[], words: readonly string[]): Promise<string> {
  const [file = '', ...before] = command;
  const { stdout } = await run(file, [...before, ...words], { timeout: COMMAND_TIMEOUT_MS });
  return stdout;
}
