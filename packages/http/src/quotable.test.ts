import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotable } from './quotable.ts'

describe('what another machine said', () => {
  it('is quoted word for word where there is nothing to hide', () => {
    expect(quotable('no such secret', { hidden: ['token-canary'], maxLength: 100 })).toBe('no such secret')
  })

  it('is quoted without our secrets, however they are spelled', () => {
    const said = 'denied for token/canary=, token%2Fcanary%3D and token/canary='
    expect(quotable(said, { hidden: ['token/canary='], maxLength: 100 })).toBe(
      'denied for [secret], [secret] and [secret]',
    )
  })

  it('keeps its words where a secret is a letter or two', () => {
    expect(quotable('expired', { hidden: ['x', ''], maxLength: 100 })).toBe('expired')
  })

  it('is cut after the secrets are hidden, so that no part of one is left', () => {
    expect(quotable('a token-canary', { hidden: ['token-canary'], maxLength: 8 })).toBe('a [secr…')
  })

  it('is never longer than it may be, and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (said, maxLength) => {
        const text = quotable(said, { maxLength })
        return text.length <= maxLength && !/\p{Surrogate}/u.test(text)
      }),
    )
  })
})
