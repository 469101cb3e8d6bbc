import type { ObjectVersionName } from '../change-object.ts';
import { GatewayError } from '../errors.ts';
import type { CoreServices } from '../services.ts';
import { type Access, authorize } from './access.ts';

/** Whether a retention in mode GOVERNANCE is no obstacle to the caller, should it want that. */
export async function mayBypassGovernance(
  core: Pick<CoreServices, 'index'>,
  access: Access,
  object: ObjectVersionName,
): Promise<boolean> {
  try {
    await authorize(core, access, 's3:BypassGovernanceRetention', object);
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}
