import { describe, expect, it } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

describe('Retry-After', () => {
  const nowMs = Date.UTC(2026, 10, 22, 1, 0, 0)
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['3', 3_000],
    ['0', 0],
    ['Sun, 22 Nov 2026 01:00:07 GMT', 7_000],
    ['Sun, 22 Nov 2026 00:00:00 GMT', 0],
    ['999999999', 86_400_000],
    ['soon', undefined],
    ['', undefined],
  ])('%j is %j ms', (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected)
  })
})
