import { toSecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { expect, it } from 'vitest'
import { withinMs } from './within-ms.ts'

it('gives what begins after everything began to end two seconds too', async () => {
  const clock = fakeClock()
  const ending = AbortSignal.abort()
  const given = withinMs(clock, 60_000, () => new Promise(() => undefined), { ending }).catch(toSecretsError)
  await clock.advance(2_000)
  expect(await given).toMatchObject({ reason: 'stopped' })
  expect(clock.waiting).toBe(0)
})
