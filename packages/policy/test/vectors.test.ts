import { describe, expect, it } from 'vitest'
import { decide, denialMessage, explain } from '../src/index.ts'
import { vectors } from './vector.ts'

describe('the vectors', () => {
  const all = vectors()

  it('are many', () => expect(all.length).toBeGreaterThan(120))

  for (const { name, file, request, policies } of all)
    it(name, () => {
      const { message, ...expected } = file.expect
      const decision = decide(request, policies)
      expect(decision, file.says).toEqual(expected)
      if (!decision.allowed) expect(denialMessage(request, decision, file.resourceAsSent)).toBe(message)
      expect(explain(request, policies).decision).toBe(decision)
    })
})
