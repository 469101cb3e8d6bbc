import type { ObjectRecord } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';

/** Throws `AccessDenied` for an object that was disabled through Kodo: no door gives its bytes. */
export function refuseDisabled({ kodo }: Pick<ObjectRecord, 'kodo'>): void {
  if (kodo?.isDisabled)
    throw new GatewayError('AccessDenied', { message: 'The file is disabled.' });
}
