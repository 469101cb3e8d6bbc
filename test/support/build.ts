import { execFileSync } from 'node:child_process';

/** Compiles what is stale, however the tests were started. */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/ensure-built.mjs'], { stdio: 'inherit' });
}
