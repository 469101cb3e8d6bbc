import { readFileSync } from 'node:fs';

/** Resident memory of a process, from the kernel (Linux). */
export function residentMebibytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
}
