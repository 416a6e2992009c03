/** The part of a test runner that the suites use; vitest's and node:test's both fit. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: (test: { skip(reason: string): void }) => Promise<void>): unknown
}

/** One rule of a suite. */
export interface Rule<Fixture> {
  readonly statement: string
  readonly check: (fixture: Fixture) => Promise<void>
}

/** Makes each rule one test, over a fixture of its own. */
export const defineRules = <Fixture extends { readonly stop?: () => Promise<void> }>(
  rules: readonly Rule<Fixture>[],
  start: () => Promise<Fixture>,
  { it }: Pick<SuiteRunner, 'it'>,
): void => {
  for (const { statement, check } of rules)
    it(statement, async () => {
      const fixture = await start()
      try {
        await check(fixture)
      } finally {
        await fixture.stop?.()
      }
    })
}
