import { mkdirSync, writeFileSync } from 'node:fs'
import { seededRandom } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchFolder } from '../../test/scratch-folder.ts'
import { Logins } from './logins.ts'

let home: ScratchFolder
let logins: Logins
beforeEach(() => {
  home = new ScratchFolder()
  logins = new Logins({ XDG_CONFIG_HOME: home.path })
})
afterEach(() => home.remove())

const service = 'https://keyplane.example.com'
const login = { service, user: 'ada', expiresAt: '2026-01-01T00:15:00.000Z' }
const folder = (): string => home.at('keyplane', 'logins')

describe('logins', () => {
  it('are found by their service, and the latest without one', () => {
    expect(logins.of(undefined)).toBeUndefined()
    logins.keep(login, 'kpt_canary', seededRandom(1))
    expect([logins.of(service), logins.of(undefined)]).toEqual([login, login])
    expect(logins.tokenOf(login)).toBe('kpt_canary')
    logins.forget(login)
    expect([logins.of(service), logins.tokenOf(login)]).toEqual([undefined, undefined])
  })

  it.each(['', '{', 'null', '[]', '{}', '{ "service": 7 }', JSON.stringify({ ...login, environment: [] })])(
    'in a file that says %j are told to be damaged, or are none',
    (text) => {
      mkdirSync(folder(), { recursive: true })
      writeFileSync(home.at('keyplane', 'logins', 'https_keyplane.example.com.json'), text, { mode: 0o600 })
      if (text === '') expect(logins.of(service)).toBeUndefined()
      else expect(() => logins.of(service)).toThrow(/https_keyplane\.example\.com\.json of a login is damaged/)
    },
  )
})
