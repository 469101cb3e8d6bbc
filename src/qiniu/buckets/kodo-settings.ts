import { BucketSetting } from '../../core/bucket-settings.ts';

/** What `/maxAge` set: seconds for which caches may keep downloads. */
export const maxAgeSetting = new BucketSetting<number>('kodoMaxAge');

/** What holds where nothing was set, and the most that can be: a year. */
export const maxAgeSecondsMax = 31_536_000;
