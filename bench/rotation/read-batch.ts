/** Logs in all the time with what is stored of a batch, and nothing else that it knows; says what it met when it is asked. */
import { logInByStages } from '../../test/real/rotation/stored-logins.ts'
import { readBatch, versionsOf } from './batch.ts'

/** What a reader met. */
export interface Readings {
  readonly logins: number
  /** Moments in which no stored credential was accepted. */
  readonly none: number
  /** Moments in which the current one was not, of those that are to be accepted at every moment. */
  readonly notCurrent: number
}

const [folder = ''] = process.argv.slice(2)
const { kind, secretIds } = readBatch(folder)
const all = secretIds.map((secretId) => ({ secretId, versions: versionsOf(folder, secretId) }))
const found = { logins: 0, none: 0, notCurrent: 0 }
process.once('disconnect', () => process.exit())
const over = new AbortController()
process.once('message', () => over.abort())

while (!over.signal.aborted)
  for (const { secretId, versions } of all) {
    found.logins += 1
    if (kind === 'two users') {
      if (await logInByStages(versions, ['current'])) continue
      found.notCurrent += 1
    }
    if (await logInByStages(versions, ['current', 'pending', 'previous'])) continue
    found.none += 1
    process.stderr.write(`${secretId}: no stored credential was accepted\n`)
  }
process.send?.(found satisfies Readings)
process.disconnect()
