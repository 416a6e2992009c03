import { defineConfig } from 'vitest/config'
import { runner, sources } from './vitest.shared.ts'

/** What runs anywhere: no network service, no root, no other toolchain. */
export default defineConfig({
  ...sources,
  test: {
    ...runner('test'),
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'test/*.test.ts'],
    pool: 'threads',
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
