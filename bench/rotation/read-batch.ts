/** Logs in all the time with what is stored of a batch, and nothing else that it knows; says what it met when it is asked. */
import { setPriority } from 'node:os'
import { canaryStages } from '../../test/real/rotation/canary-stages.ts'
import { journalFile } from '../../test/real/rotation/journal-file.ts'
import { overlaps } from '../../test/real/rotation/rotated-user.ts'
import { logInByStages } from '../../test/real/rotation/stored-logins.ts'
import { journalPathOf, readBatch, versionsOf } from './batch.ts'

/** What a reader met. */
export interface Readings {
  readonly logins: number
  /** Moments in which no stored credential was accepted. */
  readonly none: number
  /** Moments in which the current one was not, or what a canary's consumer is given, where the target accepts both. */
  readonly notCurrent: number
}

const [folder = ''] = process.argv.slice(2)
const { kind, secretIds } = readBatch(folder)
const file = await journalFile(journalPathOf(folder))
const all = secretIds.map((secretId) => {
  const versions = versionsOf(folder, secretId)
  return { secretId, versions, given: canaryStages({ secretId, versions, file }) }
})
const found = { logins: 0, none: 0, notCurrent: 0 }
process.once('disconnect', () => process.exit())
// What is rotated goes before: the reader takes what is left of the cores.
setPriority(10)
const over = new AbortController()
process.once('message', () => over.abort())

while (!over.signal.aborted)
  for (const { secretId, versions, given } of all) {
    found.logins += 1
    if (overlaps(kind)) {
      if ((await logInByStages(versions, ['current'])) && (await logInByStages(given, ['current']))) continue
      found.notCurrent += 1
    }
    if (await logInByStages(versions, ['current', 'pending', 'previous'])) continue
    found.none += 1
    process.stderr.write(`${secretId}: no stored credential was accepted\n`)
  }
await file.close()
process.send?.(found satisfies Readings)
process.disconnect()
