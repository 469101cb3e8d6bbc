import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Many tests wait for a disk or a peer, so that one more than the processors is no crowd.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: ['test/unit/**/*.isolated.test.ts'],
          environment: 'node',
          // Files share a process and its loaded modules, which takes a third of the time, and one
          // PostgreSQL, which takes seconds to start.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          // For files that mock modules, or count the timers of the process.
          name: 'unit-isolated',
          include: ['test/unit/**/*.isolated.test.ts'],
          environment: 'node',
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          environment: 'node',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // They start compiled gateways: those must be the sources of now.
          globalSetup: ['test/support/build.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // They wait for processes and peers more than they compute; a cluster that is given is one
          // for all of them.
          maxWorkers: process.env.FASTDFS_CLUSTER_CONTROL ? 1 : 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
