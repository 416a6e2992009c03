import { DatabaseSync } from 'node:sqlite'
import { type SecretValue, SecretsError, TextValue } from '@keyplane/core'
import type { FencedWrite, SecretVersions, StoredVersion } from '@keyplane/rotation'

/** One secret's versions in a file: what readers see survives whoever writes it. */
export class FileVersions implements SecretVersions {
  readonly #database: DatabaseSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 5_000 })
    this.#database.exec(`pragma journal_mode = wal; pragma synchronous = off;
      create table if not exists versions (id text primary key, value text not null);
      create table if not exists stages (stage text primary key, id text not null)`)
  }

  close(): void {
    this.#database.close()
  }

  first(version: StoredVersion): void {
    this.#insert(version)
    this.#put('current', version.versionId)
  }

  /** What a reader is given, by each stage, at one moment. */
  stored(): readonly (StoredVersion & { readonly stage: string })[] {
    const rows = this.#database
      .prepare('select stage, id, value from stages join versions using (id) order by stage')
      .all() as { stage: string; id: string; value: string }[]
    return rows.map(({ stage, id, value }) => ({ stage, versionId: id, value: new TextValue(value) }))
  }

  /** What was ever stored. */
  all(): readonly StoredVersion[] {
    const rows = this.#database.prepare('select id, value from versions').all() as { id: string; value: string }[]
    return rows.map(({ id, value }) => ({ versionId: id, value: new TextValue(value) }))
  }

  async current(): Promise<StoredVersion> {
    const found = this.stored().find(({ stage }) => stage === 'current')
    if (!found) throw new SecretsError('version_not_found', 'No version is current.')
    return found
  }

  async read(_: string, versionId: string): Promise<SecretValue | undefined> {
    const row = this.#database.prepare('select value from versions where id = ?').get(versionId)
    return row && new TextValue(String(row['value']))
  }

  async stage(_: FencedWrite, version: StoredVersion): Promise<void> {
    this.#together(() => {
      if (this.#database.prepare('select 1 from versions where id = ?').get(version.versionId)) return
      this.#insert(version)
      this.#put('pending', version.versionId)
    })
  }

  async promote(_: FencedWrite, { from, to }: { readonly from: string; readonly to: string }): Promise<void> {
    this.#together(() => {
      const current = this.#holder('current')
      if (current === to) return
      if (current !== from) throw new SecretsError('conflict', 'Another version is current.')
      this.#put('current', to)
      this.#put('previous', from)
      this.#database.prepare("delete from stages where stage = 'pending' and id = ?").run(to)
    })
  }

  async discard(_: FencedWrite, versionId: string): Promise<void> {
    this.#together(() => {
      if (this.#holder('current') === versionId) throw new SecretsError('conflict', 'It is current.')
      this.#database.prepare('delete from stages where id = ?').run(versionId)
    })
  }

  #holder(stage: string): unknown {
    return this.#database.prepare('select id from stages where stage = ?').get(stage)?.['id']
  }

  #insert({ versionId, value }: StoredVersion): void {
    this.#database.prepare('insert into versions values (?, ?)').run(versionId, String(value.reveal()))
  }

  #put(stage: string, id: string): void {
    this.#database.prepare('insert or replace into stages values (?, ?)').run(stage, id)
  }

  #together(act: () => void): void {
    this.#database.exec('begin immediate')
    try {
      act()
      this.#database.exec('commit')
    } catch (error) {
      this.#database.exec('rollback')
      throw error
    }
  }
}
