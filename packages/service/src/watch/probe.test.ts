import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { envProvider } from '@keyplane/secrets/providers'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChangingSource } from '../../test/changing-source.ts'
import { fileProbe, readProbe } from './probe.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-probe-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a probe', () => {
  it('of a dotenv file finds it well where it is there, whatever it holds, and not well where it is gone', async () => {
    const source = envProvider({ env: {}, folder, files: ['.env.dev'] })
    const file = join(folder, '.env.dev')
    const probe = fileProbe(file, readProbe(source, 'API_KEY', fakeClock()))
    expect(await probe()).toEqual({ isWell: false, state: 'no_file' })
    writeFileSync(file, 'OTHER=value\n')
    expect(await probe()).toEqual({ isWell: true, state: 'answers' })
    rmSync(file)
    expect(await probe()).toEqual({ isWell: false, state: 'no_file' })
  })

  it.each([
    ['access_denied', undefined, true],
    ['unauthenticated', 'login_refused', true],
    ['unauthenticated', 'expired_token', false],
    ['unavailable', undefined, false],
  ] as const)('tells whether a source that does not answer refuses: %s %s', async (code, reason, refuses) => {
    const source = new ChangingSource()
    source.failure = new SecretsError(code, 'no', reason && { reason })
    expect(await readProbe(source, 'a', fakeClock())()).toEqual({ isWell: false, state: reason ?? code, refuses })
  })
})
