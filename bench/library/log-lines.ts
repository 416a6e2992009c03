import { randomBytes } from 'node:crypto'
import { createValueRegistry, maskingHook, type ValueRegistry } from '@keyplane/masking'
import { pino } from 'pino'
import { type Times, timePerCall } from './time-per-call.ts'

/** A line as programs write them: some 1 KB of JSON, two fields that are secret by their name, one by its form. */
const facts = {
  request: { id: '0b6d1c1e-8f0d-4a51-9a35-2f2a2f1d9f33', method: 'POST', path: '/orders', userAgent: 'bench/1.0' },
  user: { name: 'ada', password: 'correct horse battery staple', roles: ['reader', 'writer'] },
  database: 'postgres://app:s3cr3t-of-the-app@localhost:5432/app',
  apiKey: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
  text: 'lorem ipsum dolor sit amet '.repeat(24),
}

/** Random values, none of which is in the line, as it is with almost every line. */
const registryOf = (count: number): ValueRegistry => {
  const values = createValueRegistry()
  for (let index = 0; index < count; index += 1) values.hold(randomBytes(24).toString('base64url'))
  return values
}

/** Microseconds for a line, plain and masked with so many registered values, into nothing. */
export const timeLogLines = (): Promise<Times> => {
  const nowhere = { write: () => {} }
  const withValues = (count: number): (() => void) => {
    const log = pino(maskingHook({ values: registryOf(count) }), nowhere)
    return () => log.info(facts, 'An order.')
  }
  const plain = pino({}, nowhere)
  return timePerCall(
    {
      plain: () => plain.info(facts, 'An order.'),
      masked: withValues(0),
      masked1000: withValues(1_000),
      masked10000: withValues(10_000),
    },
    { waits: false },
  )
}
