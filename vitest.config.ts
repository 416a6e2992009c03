import { defineConfig } from 'vitest/config'

/** Unit and in-process tests: no network service, no root, no other toolchain. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'test/*.test.ts', 'tools/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    execArgv: ['-C', 'source'],
    testTimeout: 20_000,
  },
})
