import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { listenOnReservedPort } from './reserved-port.ts';

/** Where Debian's `libnginx-mod-http-cache-purge` puts it. */
const purgeModule = '/usr/lib/nginx/modules/ngx_http_cache_purge_module.so';
const startTriesMax = 100;

export const hasPurgeModule = existsSync(purgeModule);

export interface Nginx {
  readonly url: string;
  stop(): Promise<void>;
}

/** A port for an nginx that others have to know before it is started. */
export async function findPort(): Promise<number> {
  const server = createServer();
  const port = await listenOnReservedPort(server, '127.0.0.1');
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts Debian's nginx on a port of loopback. `http` and `server` are what stands in those blocks;
 * `CACHE` in them is a directory of its own.
 */
export async function startNginx(
  port: number,
  { http, server }: { readonly http: string; readonly server: string },
): Promise<Nginx> {
  const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
  const cache = join(directory, 'cache');
  mkdirSync(cache);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name)};`,
  );
  const config = `${hasPurgeModule ? `load_module ${purgeModule};` : ''}
    daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
    events { worker_connections 256; }
    http {
      access_log off;
      ${temporary.join(' ')}
      ${http.replaceAll('CACHE', cache)}
      server { listen 127.0.0.1:${port}; ${server.replaceAll('CACHE', cache)} }
    }`;
  writeFileSync(join(directory, 'nginx.conf'), config);
  const child = spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let problems = '';
  child.stderr.on('data', (text) => {
    problems += text;
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 1; ; tries += 1) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${problems}`);
    try {
      await (await fetch(`${url}/nothing-here`)).arrayBuffer();
      break;
    } catch (error) {
      if (tries === startTriesMax) throw error;
      await setTimeout(50);
    }
  }
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
