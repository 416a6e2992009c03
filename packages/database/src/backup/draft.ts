import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Random, systemClock } from '@keyplane/core'

/** A place beside a file, where it is written before it gets its name. */
export const draftOf = (path: string, random: Random): string =>
  join(dirname(path), `.${basename(path)}.${Buffer.from(random.bytes(6)).toString('hex')}`)

/** What nothing was written to for so long belongs to a process that was killed. */
const abandonedAfterMs = 60_000

/** Removes the drafts of a file that processes left which were killed, with the logs that SQLite keeps beside them. */
export const sweepDrafts = async (path: string): Promise<void> => {
  const folder = dirname(path)
  const drafts = new Map<string, string[]>()
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(`.${basename(path)}.`)) {
      const [, draft] = /^([0-9a-f]{12})(?:-wal|-shm|-journal)?$/.exec(name.slice(basename(path).length + 2)) ?? []
      if (draft !== undefined) drafts.set(draft, [...(drafts.get(draft) ?? []), join(folder, name)])
    }
  for (const files of drafts.values()) {
    // A draft in use may have only its log written to.
    const ages = await Promise.all(files.map(ageOf))
    if (Math.min(...ages) < abandonedAfterMs) continue
    // One that cannot be removed hinders nobody.
    for (const file of files) await rm(file, { force: true }).catch(() => undefined)
  }
}

/** Milliseconds since it was written to; none for what is gone meanwhile. */
const ageOf = async (file: string): Promise<number> =>
  stat(file).then(
    ({ mtimeMs }) => systemClock.nowMs() - mtimeMs,
    () => 0,
  )
