import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type Kysely, sql } from 'kysely'
import { migrationsOf } from '../migrate.ts'
import type { Reader, RowStream, SqlRow } from '../ports.ts'
import { requirePlace } from './backup-place.ts'
import { type DurableFileOptions, writeDurably } from './durable-file.ts'
import { backupFormat, type BackupHead, backupVersion, rowLine } from './format.ts'
import { type TableShape, tablesOf } from './tables.ts'

export interface WriteBackupOptions extends DurableFileOptions {
  readonly nowMs: number
  /** Called now and then, with the rows that were written so far. */
  readonly onProgress?: (rows: number) => void
}

export interface BackupSummary {
  readonly rows: number
  readonly bytes: number
  /** SHA-256 of the lines before the last, in hexadecimal. */
  readonly sha256: string
}

/**
 * Writes all of a database to a file, as it is at one moment; whoever writes it goes on.
 * @throws SecretsError as `requirePlace` and `writeDurably`, and what reading says.
 */
export const writeBackup = async (reader: Reader<unknown>, options: WriteBackupOptions): Promise<BackupSummary> => {
  await requirePlace(options.path, options)
  return writeDurably(options, (file) => {
    const output = new BackupOutput(file)
    return reader.stream(async (rows) => {
      const db = reader.query as Kysely<unknown>
      const head: BackupHead = {
        format: backupFormat,
        version: backupVersion,
        createdAtMs: options.nowMs,
        migrations: await migrationsOf(db),
      }
      await output.line(JSON.stringify(head))
      const written = await writeTables(output, await tablesOf(db), { rows, db, ...options })
      await output.line(JSON.stringify({ end: true, rows: written }))
      return { rows: written, ...(await output.seal()) }
    })
  })
}

interface Source {
  readonly rows: RowStream
  readonly db: Kysely<unknown>
  readonly onProgress?: (rows: number) => void
}

const writeTables = async (
  output: BackupOutput,
  tables: readonly TableShape[],
  { rows, db, onProgress }: Source,
): Promise<number> => {
  let written = 0
  for (const { name, columns } of tables) {
    await output.line(JSON.stringify({ table: name, columns }))
    const all = sql<SqlRow>`select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(name)}`
    for await (const row of rows(all.compile(db))) {
      await output.line(rowLine(row, columns))
      if ((written += 1) % 1_000 === 0) onProgress?.(written)
    }
  }
  onProgress?.(written)
  return written
}

/** How much is gathered before it is written. */
const chunkBytes = 256 * 1024

class BackupOutput {
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #waiting = ''
  #bytes = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async line(text: string): Promise<void> {
    this.#waiting += `${text}\n`
    if (this.#waiting.length >= chunkBytes) await this.#flush()
  }

  async seal(): Promise<Omit<BackupSummary, 'rows'>> {
    await this.#flush()
    const sha256 = this.#hash.copy().digest('hex')
    this.#waiting = `${JSON.stringify({ sha256 })}\n`
    await this.#flush()
    return { sha256, bytes: this.#bytes }
  }

  async #flush(): Promise<void> {
    const chunk = Buffer.from(this.#waiting)
    this.#waiting = ''
    this.#hash.update(chunk)
    this.#bytes += chunk.length
    await this.#file.writeFile(chunk)
  }
}
