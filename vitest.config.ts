import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { runner, sources } from './vitest.shared.ts'

const { execArgv, reporters } = runner('test')
const shared = {
  execArgv,
  // Not threads: ending one that has a database open, with a writer thread of its own, has crashed the whole run.
  pool: 'forks',
  // For what hangs: no test is about its time.
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const
/** What starts threads in its own process: a store, a database's writer; and what has V8 collect all of its garbage. */
const withThreads = [
  'packages/store/test/**/*.test.ts',
  'packages/database/test/**/*.test.ts',
  'packages/rotation/test/database-*.test.ts',
  'packages/service/test/{accounts,client,ledger,refusals}.test.ts',
  'packages/cli/src/memory-at-rest.test.ts',
  'test/{docs-programs,providers-over-the-store}.test.ts',
]

/** What runs anywhere: no network service, no root, no other toolchain. */
export default defineConfig({
  test: {
    reporters,
    // One fewer than there are processors is the runner's own default: of two, that is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        ...sources,
        test: {
          ...shared,
          name: 'parts',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'test/*.test.ts'],
          exclude: withThreads,
          isolate: false,
        },
      },
      // Each file has a process of its own: one that has made and ended hundreds of threads dies in V8 now and then.
      { ...sources, test: { ...shared, name: 'threads', include: withThreads } },
    ],
  },
})
