import { describe, expect, it } from 'vitest'
import { decide, denialMessage, explain } from '../src/index.ts'
import { vectors } from './vector.ts'

describe('the vectors', () => {
  const all = vectors()

  it('are many', () => expect(all.length).toBeGreaterThan(250))

  it.each(all)('$name', ({ file, request, policies }) => {
    const { message, ...expected } = file.expect
    const decision = decide(request, policies)
    expect(decision, file.says).toEqual(expected)
    if (!decision.allowed) expect(denialMessage(request, decision, file.resourceAsSent)).toBe(message)
    expect(explain(request, policies).decision).toBe(decision)
  })
})
