import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admin, type ServedAccounts, serveAccounts } from '../../../packages/service/test/serve-accounts.ts'

const schemathesis = fileURLToPath(new URL('../../../.real/schemathesis/bin/schemathesis', import.meta.url))

let folder: string
let served: ServedAccounts
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-described-'))
  const more = { limits: { perClient: 'none', unauthenticated: 'none' } }
  served = await serveAccounts({ file: join(folder, 'service.db') }, { more })
})
afterAll(async () => {
  await served.close()
  rmSync(folder, { recursive: true })
})

/** What schemathesis says of the running service, after it read its description; it ends with 0 where all is as described. */
const asked = (config: string, args: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> =>
  new Promise((resolve) => {
    const file = join(folder, 'schemathesis.toml')
    writeFileSync(file, config)
    const all = [
      '--config-file',
      file,
      'run',
      `${served.service.url}/openapi.json`,
      '-H',
      `Authorization: Bearer ${admin.key}`,
    ]
    // One seed, so that a failure is one that can be looked at.
    const run = [...all, '--seed', '7', '--request-timeout', '5', '--no-color', ...args]
    execFile(schemathesis, run, { cwd: folder, maxBuffer: 1e8 }, (error, said) =>
      resolve({ code: error?.code ?? 0, said }),
    )
  })

const phases = ['--phases', 'examples,coverage,fuzzing']
/** A stream that does not end can't be asked this way. */
const endless = ['--exclude-path', '/v1/events']

describe('the running service', () => {
  it('answers whatever its description allows, and what it does not, as the description says', async () => {
    // That a role is one of the configuration, and a caller logged in, is nothing that a schema can say.
    const checks = ['--exclude-checks', 'positive_data_acceptance']
    const { code, said } = await asked('', [...phases, ...endless, ...checks, '--max-examples', '30'])
    expect(code, said).toBe(0)
    expect(said).toMatch(/(\d+) generated, \1 passed/)
  }, 240_000)

  it('gives a configuration as it is described', async () => {
    const names = '[parameters]\nenvironment = "production"\ntool = "payments"\n'
    const configurations = ['--include-path-regex', 'configuration$', '--checks', 'all']
    const { code, said } = await asked(names, ['--phases', 'fuzzing', '--max-examples', '5', ...configurations])
    expect(code, said).toBe(0)
    expect(said).not.toContain('Authentication failed')
  }, 120_000)
})
