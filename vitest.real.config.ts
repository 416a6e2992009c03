import { defineConfig } from 'vitest/config'
import { runner, sources } from './vitest.shared.ts'

const { execArgv, reporters } = runner('real')
const slow = { execArgv, pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const

/** Whole planes and other people's programs: see test/real/setup.sh for what has to be there. One file at a time. */
export default defineConfig({
  test: {
    reporters,
    fileParallelism: false,
    projects: [
      { ...sources, test: { ...slow, name: 'real', include: ['test/real/**/*.test.ts'] } },
      {
        ...sources,
        test: {
          ...slow,
          // The store's own tests, on the engine that they do not run on everywhere.
          name: 'store on PostgreSQL',
          include: ['packages/store/test/**/*.test.ts'],
          globalSetup: ['test/real/postgres/provide-server.ts'],
        },
      },
    ],
  },
})
