import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { conformancePage } from '../tools/conformance.ts'

describe('docs/conformance.md', () => {
  it('is what the tests and the last run with real parts say', () => {
    expect(readFileSync('docs/conformance.md', 'utf8'), 'run: node -C source tools/conformance.ts --write').toBe(
      conformancePage(),
    )
  })
})
