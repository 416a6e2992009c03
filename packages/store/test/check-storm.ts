import { verifyAudit } from '@keyplane/store'
import { engine } from './test-database.ts'
import { stormValue } from './write-storm.ts'
import { region as home, TestStore } from './test-store.ts'

export interface StormFindings {
  /** Acknowledged writes that are not there, or have another value. */
  readonly lost: readonly string[]
  /** Versions that do not open, at a replica too, and labels that are at one of primary and replica only. */
  readonly broken: readonly string[]
  /** `ok` from SQLite's integrity check; PostgreSQL checks its pages when it reads them. */
  readonly integrity: string
  readonly auditHolds: boolean
}

/** Labels that are on another version at a primary than at its replica. */
const astray = `select p.name, l.label from secrets r join secrets p on p.id = r.replica_of
  join version_stages l on l.secret_id = p.id left join version_stages m on m.secret_id = r.id and m.label = l.label
  where m.version_id is null or m.version_id <> l.version_id`

/** What a killed storm left behind. `acknowledged`: the lines that it printed. */
export const checkStorm = async (folder: string, acknowledged: readonly string[]): Promise<StormFindings> => {
  const store = await new TestStore(folder).start()
  const valueOf = async (SecretId: string, VersionId: string, region = home): Promise<unknown> =>
    (await store.call('GetSecretValue', { SecretId, VersionId }, { region })).body['SecretString']
  const lost: string[] = []
  for (const line of acknowledged) {
    const [name = '', token = ''] = line.split(' ')
    if ((await valueOf(name, token)) !== stormValue(token)) lost.push(line)
  }
  const broken: string[] = []
  const versions = 'select s.name, s.region, v.version_id from secret_versions v join secrets s on s.id = v.secret_id'
  for (const { name, region, version_id } of await store.data.rows(versions))
    if ((await valueOf(String(name), String(version_id), String(region))) !== stormValue(String(version_id)))
      broken.push(`${String(name)} ${String(region)} ${String(version_id)}`)
  for (const { name, label } of await store.data.rows(astray)) broken.push(`${String(name)} ${String(label)}`)
  const check = engine === 'sqlite' ? 'pragma integrity_check' : "select 'ok' as integrity_check"
  const integrity = String((await store.data.rows(check))[0]?.['integrity_check'])
  const chains = await verifyAudit(store.database)
  await store.stop()
  return { lost, broken, integrity, auditHolds: chains.every(({ verdict }) => verdict.ok) }
}
