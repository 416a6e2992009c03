import { seededRandom, fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchFolder } from '../packages/cli/test/scratch-folder.ts'
import { admin, type ServedAccounts, serveAccounts } from '../packages/service/test/serve-accounts.ts'
import { DataFolder } from '../packages/cli/src/data-folder/data-folder.ts'
import { askService } from '../packages/cli/src/login/ask-service.ts'
import { lifeOf, Logins } from '../packages/cli/src/login/logins.ts'
import type { Whoami } from '../packages/cli/src/login/whoami-answer.ts'

const minute = 60_000
const home = new ScratchFolder()
const env = { HOME: home.path }
const clock = fakeClock()
const random = seededRandom(1)
const folder = new DataFolder(home.at('none'))

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts(
    { file: home.at('service.db') },
    { clock, more: { sessions: { ttl: '15m', maxTtl: '1h' } } },
  )
})
afterAll(async () => {
  await served.close()
  home.remove()
})

const untilOf = async (variables: Readonly<Record<string, string>>): Promise<string | undefined> =>
  askService({ env: variables, clock, random, folder }, { service: served.service.url }, async ({ api }) => {
    return (await api.ask<Whoami>('/v1/whoami')).expiresAt
  })

describe('who logged in', () => {
  it('stays so while he uses commands, as long as the service lets him', async () => {
    const password = 'a long password of hers'
    await served.ask('/v1/users/ada', { method: 'PUT', body: { password, roles: ['staging'] } })
    const beganAtMs = clock.nowMs()
    const at = (ms: number): string => new Date(beganAtMs + ms).toISOString()
    const token = await served.login('ada', password)
    const [service, expiresAt] = [served.service.url, at(15 * minute)]
    new Logins(env).keep({ service, user: 'ada', ...lifeOf(expiresAt, beganAtMs) }, token, random)
    await clock.advance(7 * minute)
    expect(await untilOf(env)).toBe(at(15 * minute))
    await clock.advance(minute)
    expect(await untilOf(env)).toBe(at(23 * minute))
    for (let minutes = 8; minutes < 56; minutes += 8) {
      await clock.advance(8 * minute)
      await untilOf(env)
    }
    expect(await untilOf(env)).toBe(at(60 * minute))
    await clock.advance(5 * minute)
    await expect(untilOf(env)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('who shows a key', () => {
  it('needs no home', async () => {
    expect(await untilOf({ KEYPLANE_SERVICE_TOKEN: admin.key })).toBeUndefined()
  })
})
