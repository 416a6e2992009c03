import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom, TextValue } from '@keyplane/core'
import { type Receipts, type Rotator, rotationEngine } from '@keyplane/rotation'
import { FileVersions } from './file-versions.ts'
import { journalFile } from './journal-file.ts'
import type { KilledTarget } from './killed-rotation.ts'
import { kinds } from './rotated-user.ts'

/**
 * Rotates one secret again and again, and says what it is about to do; it is killed from outside. With `ends` it brings the
 * rotation that is under way to its end, and ends.
 */
const [folder = '', ends = ''] = process.argv.slice(2)
const { kind, admin, canary } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as KilledTarget

const say = (what: string): void => void process.stdout.write(`${what}\n`)
const rotator = kinds[kind]({ admin: new TextValue(admin), timeoutMs: 800 })
const told: Rotator = {
  name: rotator.name,
  repairs: rotator.repairs,
  ...(rotator.overlaps !== undefined && { overlaps: rotator.overlaps }),
  create: (call, current) => (say('begins create'), rotator.create(call, current)),
  set: (call, credentials) => (say('begins set'), rotator.set(call, credentials)),
  test: (call, value) => (say('begins test'), rotator.test(call, value)),
  revert: (call, credentials) => (say('begins revert'), rotator.revert(call, credentials)),
  retire: (call, credentials) => (say('begins retire'), rotator.retire(call, credentials)),
  discard: async (call, credentials) => (say('begins discard'), rotator.discard?.(call, credentials)),
}

const { journal, receipts } = await journalFile(join(folder, 'rotation.db'))
const asked: Receipts = {
  receive: (heartbeat) => receipts.receive(heartbeat),
  of: (secretId) => (say('looks at the canary'), receipts.of(secretId)),
}
const engine = rotationEngine({
  journal,
  versions: new FileVersions(join(folder, 'versions.db')),
  rotators: [told],
  receipts: asked,
  clock: systemClock,
  random: systemRandom,
  effectTimeoutMs: 400,
  policy: { retryBaseMs: 10, breakerOpenMs: 50, lookEveryMs: 50 },
  observer: { step: ({ to }) => say(`is ${to}`) },
})
for (;;) {
  const request = { secretId: 'prod/db', rotator: rotator.name, ...(canary && { canary }) }
  const isBegun = ends !== '' || (await engine.begin(request).catch(() => undefined))
  const advance = isBegun ? await engine.advance('prod/db').catch(() => undefined) : undefined
  if (ends !== '' && advance?.status === 'ended') process.exit()
  if (advance?.status === 'waiting' || !advance || advance.status === 'busy')
    await new Promise((resolve) => setTimeout(resolve, 20))
}
