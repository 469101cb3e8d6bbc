import type { MasterKeyFit } from '../index-maintenance.ts';

/** What is wrong with the master key, if anything is, as lines to print. */
export function describeFit(fit: MasterKeyFit): string[] {
  if (fit === 'missing')
    return ['Warning: there is no usable master key here; the secrets do not open.'];
  if (fit === 'no') return ['Warning: the master key here opens none of the secrets.'];
  if (fit === 'some') return ['Warning: the master key here opens only some of the secrets.'];
  return [];
}
