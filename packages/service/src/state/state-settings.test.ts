import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseServiceConfig } from '../config.ts'
import { type StateSettings, stateSettings } from './state-settings.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-settings-'))
  writeFileSync(join(folder, 'url'), 'postgresql://a:canary@db/one\n')
  writeFileSync(join(folder, 'seal.key'), 'k'.repeat(32))
  writeFileSync(join(folder, 'short.key'), 'k')
})
afterAll(() => rmSync(folder, { recursive: true }))

const config = (more: object) => {
  const text = JSON.stringify({ environments: { a: { source: 'env' } }, tools: {}, ...more })
  return parseServiceConfig({ path: join(folder, 'service.yaml'), text })
}
const settings = (more: object = {}, env: Readonly<Record<string, string>> = {}): StateSettings =>
  stateSettings({ config: config(more), env, file: '/data/service.db' })

describe('where the service keeps its state', () => {
  const url = 'postgresql://a:b@db/two'

  it('is a file, unless it is told otherwise, and the variable comes first', () => {
    expect(settings().database).toEqual({ file: '/data/service.db' })
    expect(settings({ database: { file: 'own.db' } }).database).toEqual({ file: join(folder, 'own.db') })
    expect(settings({ database: { urlFile: 'url' } }).database).toEqual({ url: 'postgresql://a:canary@db/one' })
    const variable = { KEYPLANE_SERVICE_DATABASE_URL: 'postgresql://c@db/three' }
    expect(settings({ database: { url } }, variable).database).toEqual({ url: 'postgresql://c@db/three' })
  })

  it('has the audit log on PostgreSQL, and on SQLite where that is wanted', () => {
    expect(settings().keepsAudit).toBe(false)
    expect(settings({ audit: 'database' }).keepsAudit).toBe(true)
    expect(settings({ database: { url } }).keepsAudit).toBe(true)
    expect(settings({ database: { url }, audit: 'file' }).keepsAudit).toBe(false)
    const sealed = settings({ audit: { kind: 'database', sealKeyFile: 'seal.key' } })
    expect(sealed.auditKey).toHaveLength(32)
  })

  it.each([
    [{ database: {} }, 'database needs one of file, url and urlFile.'],
    [{ database: { file: 'a', url }, audit: 'syslog' }, 'audit.kind must be one of file, database.'],
    [{ sessions: { ttl: '1s' } }, 'sessions.ttl must be from 1m to 24h.'],
    [{ sessions: { ttl: '1h', maxTtl: '30m' } }, 'sessions.maxTtl must be at least the ttl.'],
    [{ audit: { kind: 'file', sealKeyFile: 'a' } }, 'audit.sealKeyFile is for a log in the database.'],
  ])('is told what is wrong with %o', (more, problem) => {
    expect(() => config(more)).toThrow(problem)
  })

  it.each([
    [{ database: { urlFile: 'none' } }, 'database.urlFile: the file '],
    [{ audit: { kind: 'database', sealKeyFile: 'short.key' } }, 'audit.sealKeyFile: '],
  ])('tells which file of %o is of no use', (more, problem) => {
    expect(() => settings(more)).toThrow(problem)
  })

  it('lasts as long as it is said to', () => {
    expect(config({}).sessions).toEqual({ ttlMs: 900_000, maxTtlMs: 43_200_000 })
    expect(config({ sessions: { ttl: '24h' } }).sessions).toEqual({ ttlMs: 86_400_000, maxTtlMs: 86_400_000 })
  })
})
