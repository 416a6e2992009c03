/**
 * Brings the rotations of a batch to their end, then begins the next one of each, holds them all at one place, and is
 * killed there or after it let them go on.
 */
import { join } from 'node:path'
import { systemClock, systemRandom, TextValue } from '@keyplane/core'
import { type EndedRotation, type RotationNotice, rotationEngine, type SecretVersions } from '@keyplane/rotation'
import { journalFile } from '../../test/real/rotation/journal-file.ts'
import { kinds } from '../../test/real/rotation/rotated-user.ts'
import { readBatch, type Said, type Told, versionsOf } from './batch.ts'
import { HoldingJournal } from './holding-journal.ts'
import type { Place } from './places.ts'
import { refuseWhenCurrent } from './refuse-when-current.ts'

const [folder = '', placeText = ''] = process.argv.slice(2)
const place = JSON.parse(placeText) as Place
const { kind, secretIds, admin } = readBatch(folder)

process.once('disconnect', () => process.exit())
const say = (said: Said): void => void process.send?.(said)
const told = (wanted: Told): Promise<void> =>
  new Promise((resolve) => {
    process.on('message', (message) => {
      if (message === wanted) resolve()
    })
  })
const mayBegin = told('begin')
const mayGoOn = told('go on')

const file = await journalFile(join(folder, 'rotation.db'))
const journal = new HoldingJournal(file.journal, (secretId) => say({ what: 'held', secretId }))
const files = new Map(secretIds.map((secretId) => [secretId, versionsOf(folder, secretId)]))
const fileOf = (secretId: string) => {
  const found = files.get(secretId)
  if (!found) throw new Error(`There is no ${secretId}.`)
  return found
}
const versions: SecretVersions = {
  current: (secretId) => fileOf(secretId).current(),
  read: (secretId, versionId) => fileOf(secretId).read(secretId, versionId),
  stage: (write, version) => fileOf(write.secretId).stage(write, version),
  promote: (write, move) => fileOf(write.secretId).promote(write, move),
  discard: (write, versionId) => fileOf(write.secretId).discard(write, versionId),
}

const rotator = kinds[kind]({ admin: new TextValue(admin), timeoutMs: 2_000 })
const hearToRefuse = place.isTakenBack ? refuseWhenCurrent(rotator) : undefined
/** Whether a secret's next rotation has come to the place. */
const reached = new Map<string, boolean>()
const hear = (notice: RotationNotice): void => {
  const { secretId, effect = 'begin', outcome } = notice
  if (outcome === 'failed' || !reached.has(secretId)) return
  hearToRefuse?.(notice)
  if (reached.get(secretId)) say({ what: 'went on', secretId })
  if (effect !== place.after) return
  reached.set(secretId, true)
  journal.hold(secretId, mayGoOn)
}

const engine = rotationEngine({
  journal,
  versions,
  rotators: [rotator],
  clock: systemClock,
  random: systemRandom,
  effectTimeoutMs: 500,
  // Failures are tried again at once, so that thousands of rotations come to their end.
  policy: { retryBaseMs: 10, breakerOpenMs: 50 },
  observer: { step: hear },
})

const end = async (secretId: string): Promise<EndedRotation | undefined> => {
  for (;;) {
    const advance = await engine.advance(secretId)
    if (advance.status === 'none') return undefined
    if (advance.status === 'ended') return advance.rotation as EndedRotation
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

await Promise.all(
  secretIds.map(async (secretId) => {
    const rotation = await end(secretId)
    const { state, pendingVersion } = rotation ?? { state: 'rolled-back', pendingVersion: '' }
    say({ what: 'ended', secretId, state, version: pendingVersion })
  }),
)
await mayBegin
await Promise.all(
  secretIds.map(async (secretId) => {
    reached.set(secretId, false)
    await engine.begin({ secretId, rotator: rotator.name })
    await end(secretId)
  }),
)
