import { expect, it } from 'vitest'
import { warmedLine } from './warmed-line.ts'

it('names each secret of an environment and where it came from, or that it did not', () => {
  expect(
    warmedLine('development', [
      { name: 'payments.apiKey', result: 'source', from: 'aws' },
      { name: 'payments.db', result: 'fallback', from: '.env.dev' },
      { name: 'shop.key', result: 'missing', from: 'aws', code: 'secret_not_found' },
      { name: 'shop.other', result: 'refused', code: 'access_denied' },
      { name: 'mail.password', result: 'failed', code: 'timeout' },
    ]),
  ).toBe(
    'development · payments.apiKey ← aws · payments.db ← .env.dev (fallback) · shop.key missing · shop.other refused (access_denied) · mail.password failed (timeout)',
  )
})

it('is no wall of names, and leaves out nothing that is wrong', () => {
  const given = Array.from(
    { length: 100 },
    (_, index) => ({ name: `t.s${index}`, result: 'source', from: 'aws' }) as const,
  )
  const line = warmedLine('production', [...given, { name: 't.gone', result: 'missing' }])
  expect(line).toMatch(/^production · t\.s0 ← aws · .* · t\.s29 ← aws · t\.gone missing · and 70 more$/)
})
