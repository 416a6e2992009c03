import { defineConfig } from 'vitest/config'
import { runner } from './vitest.shared.ts'

/** The packages as their users get them: packed, installed in an empty folder, run by the oldest and the pinned Node.js. */
export default defineConfig({
  test: {
    ...runner('packages'),
    // What is tested was built; the sources stay out of it.
    execArgv: [],
    include: ['test/packages/**/*.test.ts'],
    globalSetup: ['test/packages/install-packages.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
})
