import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError, systemClock, systemRandom } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { RemoteSource } from '../../test/remote-source.ts'
import { parseServiceConfig } from '../config.ts'
import type { EnvironmentConfig } from '../config/service-config.ts'
import { openEnvironment } from './open-environment.ts'

const log = { warn: () => {}, error: () => {} }
const parts = { env: {}, clock: systemClock, random: systemRandom, log }

const configOf = (environment: string, folder = '.'): EnvironmentConfig => {
  const text = `environments: { development: ${environment} }\ntools: {}`
  const { environments } = parseServiceConfig({ path: join(folder, 'service.yaml'), text })
  return environments.get('development') ?? expect.unreachable()
}

describe('an environment', () => {
  it('asks its source, then a dotenv file by variables, then a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-service-'))
    const environment = '{ source: memory, fallback: [{ env: .env.dev }, { file: . }, { file: other }] }'
    const { secrets, sourceNames } = await openEnvironment(configOf(environment, folder), parts)
    try {
      writeFileSync(join(folder, '.env.dev'), 'PAYMENTS_API_KEY=from-variable\n')
      writeFileSync(join(folder, 'token'), 'from-file')
      expect(sourceNames).toEqual(['memory', 'env', 'file', 'file-2'])
      expect(await secrets.getSecret('payments/api-key')).toBe('from-variable')
      expect(await secrets.getSecret('token')).toBe('from-file')
      expect(await secrets.getSecret('PATH')).toBeUndefined()
    } finally {
      await secrets.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('lays a source’s own variables over the process’s, for that source alone', async () => {
    const source = '{ source: env, variables: { A_B: own }, fallback: [{ source: github-actions }] }'
    const { secrets } = await openEnvironment(configOf(source), { ...parts, env: { A_B: 'process', C: 'c' } })
    expect(await secrets.getSecret('a/b')).toBe('own')
    expect(await secrets.getSecret('c')).toBe('c')
    await secrets.close()
  })

  it('that can’t be opened says which it is, and leaves nothing open', async () => {
    const source = new RemoteSource('openbao', {})
    const opening = openEnvironment(configOf('{ source: openbao, fallback: [{ source: aws }] }'), {
      ...parts,
      open: async (wanted) => {
        if (wanted.kind === 'named' && wanted.name === 'openbao') return source
        throw new SecretsError('config_invalid', 'no region')
      },
    })
    await expect(opening).rejects.toThrow('development: no region')
    expect(source.closed).toBe(true)
  })
})
