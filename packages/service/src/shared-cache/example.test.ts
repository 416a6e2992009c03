import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { expect, it } from 'vitest'
import { readServiceConfig, startService } from '../index.ts'

const example = `
environments:
  production:  { source: openbao, cache: redis, ttl: 5m, maxStale: 1h, fallback: none }   # maxStale implies the stale cache; standbys are the source's own
  staging:     { source: file, mount: /etc/keyplane/secrets, fallback: none }
  ci:          { source: github-actions, fallback: none }
  development: { source: aws, cache: local, fallback: [ { env: .env.dev } ] }
tools:
  payments:
    settings: { baseUrl: https://api.example.com, timeoutMs: 3000 }
    secrets:  { apiKey: payments/api-key, db: { ref: payments/db, maxStale: 0, kind: dynamic } }
`

it('a configuration with a shared cache starts by two variables', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-service-'))
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  try {
    const path = join(folder, 'keyplane-service.yaml')
    writeFileSync(path, `listen: { port: 0 }\n${example}`)
    writeFileSync(join(folder, 'cache.key'), new Uint8Array(32), { mode: 0o600 })
    const start = (env: Readonly<Record<string, string>>) =>
      startService({
        config: readServiceConfig(path),
        env,
        clock: systemClock,
        random: systemRandom,
        log: { warn, error: warn },
        audit: { append: async () => {} },
        open: async () => memoryProvider({ secrets: {} }),
      })
    await expect(start({})).rejects.toMatchObject({ code: 'config_invalid' })
    const service = await start({
      KEYPLANE_SERVICE_REDIS_URL: 'redis://127.0.0.1:1',
      KEYPLANE_SERVICE_CACHE_KEY_FILE: join(folder, 'cache.key'),
    })
    expect([...service.sources.keys()]).toEqual(['production', 'staging', 'ci', 'development'])
    expect(warnings.join('\n')).toContain('values come from their sources')
    await service.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
