import { defineConfig } from 'vitest/config'
import { runner, sources } from './vitest.shared.ts'

/** What runs anywhere: no network service, no root, no other toolchain. */
export default defineConfig({
  ...sources,
  test: {
    ...runner('test'),
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'test/*.test.ts'],
    // Not threads: ending one that has a database open, with a writer thread of its own, has crashed the whole run.
    pool: 'forks',
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
