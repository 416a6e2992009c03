/** The part of a test runner that the suites use; vitest's and node:test's both fit. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => Promise<void>): unknown
}
