/**
 * Brings the rotations of a batch to their end, then begins the next one of some, holds each at a place of its own, and is
 * killed there or after it let some go on.
 */
import { systemClock, systemRandom, TextValue } from '@keyplane/core'
import { type EndedRotation, type RotationNotice, rotationEngine, type SecretVersions } from '@keyplane/rotation'
import { journalFile } from '../../test/real/rotation/journal-file.ts'
import { kinds, overlaps } from '../../test/real/rotation/rotated-user.ts'
import { journalPathOf, readBatch, type Said, type Told, versionsOf } from './batch.ts'
import { HoldingJournal } from './holding-journal.ts'
import type { Place } from './places.ts'
import { refuseWhenCurrent } from './refuse-when-current.ts'

const [folder = '', placesText = ''] = process.argv.slice(2)
const { kind, secretIds, admin } = readBatch(folder)
const places = new Map(JSON.parse(placesText) as [secretId: string, place: Place][])
const leaseMs = 1_000

process.once('disconnect', () => process.exit())
const say = (said: Said): void => void process.send?.(said)
/** Lets those go on that are held. */
const releases = new Map<string, () => void>()
const mayBegin = new Promise<void>((resolve) => {
  process.on('message', (told: Told) => {
    if (told === 'begin') return resolve()
    for (const [secretId, delayMs] of Object.entries(told.delaysMs))
      setTimeout(() => {
        say({ what: 'let go', secretId })
        releases.get(secretId)?.()
      }, delayMs)
  })
})

const file = await journalFile(journalPathOf(folder))
const journal = new HoldingJournal(file.journal, leaseMs, (secretId) => say({ what: 'held', secretId }))
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
const hearToRefuse = refuseWhenCurrent(rotator)
/** Whether a secret's next rotation has come to the place. */
const reached = new Map<string, boolean>()
const hear = (notice: RotationNotice): void => {
  const { secretId, effect = 'begin', outcome } = notice
  if (outcome === 'failed' || !reached.has(secretId)) return
  const place = places.get(secretId)
  if (place?.isTakenBack) hearToRefuse(notice)
  if (reached.get(secretId)) say({ what: 'went on', secretId })
  if (effect !== place?.after) return
  reached.set(secretId, true)
  journal.hold(secretId, new Promise((resolve) => releases.set(secretId, resolve)))
}

/** All that ask in the canary's time are given the new version. */
const canary = overlaps(kind) && { canary: { percent: 100, observeMs: 60, maxRefusals: 0 } }
const engine = rotationEngine({
  journal,
  versions,
  rotators: [rotator],
  clock: systemClock,
  random: systemRandom,
  receipts: file.receipts,
  effectTimeoutMs: 3_000,
  leaseMs,
  // Failures are tried again at once, so that thousands of rotations come to their end.
  policy: { retryBaseMs: 10, breakerOpenMs: 50, lookEveryMs: 20 },
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
  [...places.keys()].map(async (secretId) => {
    reached.set(secretId, false)
    await engine.begin({ secretId, rotator: rotator.name, ...canary })
    await end(secretId)
  }),
)
