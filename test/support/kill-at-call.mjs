// Loaded before a program (`node --import`): kills the process at one of its calls that change the
// file system, the one whose number is in KILL_AT_CALL, just before it is made. A program that makes
// fewer calls ends by itself.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.KILL_AT_CALL);
let calls = 0;
for (const name of [
  'chownSync',
  'copyFileSync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'unlinkSync',
]) {
  const call = fs[name];
  fs[name] = (...parameters) => {
    calls += 1;
    if (calls === at) process.kill(process.pid, 'SIGKILL');
    return call(...parameters);
  };
}
syncBuiltinESMExports();
