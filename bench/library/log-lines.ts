import { maskingHook } from '@keyplane/masking'
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

/** Microseconds for a line, plain and masked, into nothing. */
export const timeLogLines = (): Promise<Times> => {
  const nowhere = { write: () => {} }
  const plain = pino({}, nowhere)
  const masked = pino(maskingHook(), nowhere)
  return timePerCall(
    { plain: () => plain.info(facts, 'An order.'), masked: () => masked.info(facts, 'An order.') },
    { waits: false },
  )
}
