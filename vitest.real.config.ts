import { defineConfig } from 'vitest/config'

/** Whole planes and other people's programs: see test/real/setup.sh for what has to be there. One file at a time. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['test/real/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    execArgv: ['-C', 'source'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
