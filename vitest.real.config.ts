import { defineConfig } from 'vitest/config'
import { runner, sources } from './vitest.shared.ts'

/** Whole planes and other people's programs: see test/real/setup.sh for what has to be there. One file at a time. */
export default defineConfig({
  ...sources,
  test: {
    ...runner('real'),
    include: ['test/real/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
