/**
 * How long a write may take from its first byte to its publication. The first files of a large
 * object wait for the last ones, and while they wait nothing refers to them: whoever looks for
 * files that nothing refers to has to know for how long that may be so. At this limit 5 GiB come at
 * 1 Mbit a second; slower clients can send parts.
 */
export const writeDurationMsMax = 12 * 3_600_000;

/** What the clocks of storage servers and gateways may differ by. */
export const clockDifferenceMsMax = 3_600_000;

/**
 * Files younger than this are no orphans, whatever the index says: a write may be about to refer to
 * them. Their age is told by the storage server's clock.
 */
export const orphanAgeMsMin = writeDurationMsMax + clockDifferenceMsMax;
