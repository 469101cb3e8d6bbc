import { settleAll } from '../support/settle-all.ts';
import {
  type DeletingServices,
  deleteGroupFiles,
  type GroupDeletionsResult,
} from './group-deletions.ts';

export interface DrainOptions {
  /** Also what may not be deleted yet: slow readers of it will fail. */
  readonly isEarly: boolean;
  /** Deletions of one group that run at the same time. */
  readonly concurrencyMax: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (fileCount: number) => void;
}

export interface GroupDrain extends GroupDeletionsResult {
  readonly groupName: string;
}

const batchSizeMax = 500;

/**
 * Tries each file once that is due now, all groups side by side; a group that cannot be reached is
 * given up. What becomes due meanwhile is not waited for: under load there would be no end. Gives
 * the groups that had any, by name. Rejects with `IndexError`. The gateway may do the same beside it.
 */
export async function drainQueue(
  core: DeletingServices,
  { isEarly, ...options }: DrainOptions,
): Promise<readonly GroupDrain[]> {
  const dueAtMs = isEarly ? Number.MAX_SAFE_INTEGER : core.now();
  const groupNames = await core.index.listDueGroups(dueAtMs);
  return await settleAll(
    groupNames.map(async (groupName) => ({
      groupName,
      ...(await deleteGroupFiles(core, groupName, {
        ...options,
        dueAtMs,
        batchSizeMax,
        isProbing: true,
      })),
    })),
  );
}
