import { verifyAudit } from '@keyplane/store'
import { engine } from './test-database.ts'
import { stormValue } from './write-storm.ts'
import { TestStore } from './test-store.ts'

export interface StormFindings {
  /** Acknowledged writes that are not there, or have another value. */
  readonly lost: readonly string[]
  /** Versions that do not open. */
  readonly broken: readonly string[]
  /** `ok` from SQLite's integrity check; PostgreSQL checks its pages when it reads them. */
  readonly integrity: string
  readonly auditHolds: boolean
}

/** What a killed storm left behind. `acknowledged`: the lines that it printed. */
export const checkStorm = async (folder: string, acknowledged: readonly string[]): Promise<StormFindings> => {
  const store = await new TestStore(folder).start()
  const valueOf = async (SecretId: string, VersionId: string): Promise<unknown> =>
    (await store.call('GetSecretValue', { SecretId, VersionId })).body['SecretString']
  const lost: string[] = []
  for (const line of acknowledged) {
    const [name = '', token = ''] = line.split(' ')
    if ((await valueOf(name, token)) !== stormValue(token)) lost.push(line)
  }
  const broken: string[] = []
  const versions = 'select s.name, v.version_id from secret_versions v join secrets s on s.id = v.secret_id'
  for (const { name, version_id } of await store.data.rows(versions))
    if ((await valueOf(String(name), String(version_id))) !== stormValue(String(version_id)))
      broken.push(`${String(name)} ${String(version_id)}`)
  const check = engine === 'sqlite' ? 'pragma integrity_check' : "select 'ok' as integrity_check"
  const integrity = String((await store.data.rows(check))[0]?.['integrity_check'])
  const chains = await verifyAudit(store.database)
  await store.stop()
  return { lost, broken, integrity, auditHolds: chains.every(({ verdict }) => verdict.ok) }
}
