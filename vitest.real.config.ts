import { defineConfig } from 'vitest/config'
import { runner, sources } from './vitest.shared.ts'

const { execArgv, reporters } = runner('real')
const slow = { execArgv, pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const
const waiting = ['test/real/service/**/*.test.ts', 'test/real/rotation/**/*.test.ts']

/**
 * Whole planes and other people's programs: see test/real/setup.sh for what has to be there. One file at a time, but for
 * those of the service and of rotations, which mostly wait: for what a service finds out by itself, for a lease that ends.
 */
export default defineConfig({
  test: {
    reporters,
    projects: [
      {
        ...sources,
        test: {
          ...slow,
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          exclude: waiting,
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...sources,
        test: { ...slow, name: 'service and rotation', include: waiting, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        ...sources,
        test: {
          ...slow,
          // The store's own tests, on the engine that they do not run on everywhere.
          name: 'store on PostgreSQL',
          include: ['packages/store/test/**/*.test.ts'],
          globalSetup: ['test/real/postgres/provide-server.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
