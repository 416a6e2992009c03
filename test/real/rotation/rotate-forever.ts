import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom, TextValue } from '@keyplane/core'
import { type Rotator, rotationEngine } from '@keyplane/rotation'
import { FileVersions } from './file-versions.ts'
import { journalFile } from './journal-file.ts'
import { type Kind, kinds } from './rotated-user.ts'

/** Rotates one secret again and again, and says what it is about to do; it is killed from outside. */
const [folder = ''] = process.argv.slice(2)
const { kind, admin } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { kind: Kind; admin: string }

const say = (what: string): void => void process.stdout.write(`${what}\n`)
const rotator = kinds[kind]({ admin: new TextValue(admin), timeoutMs: 800 })
const told: Rotator = {
  name: rotator.name,
  repairs: rotator.repairs,
  create: (call, current) => (say('begins create'), rotator.create(call, current)),
  set: (call, credentials) => (say('begins set'), rotator.set(call, credentials)),
  test: (call, value) => (say('begins test'), rotator.test(call, value)),
  revert: (call, credentials) => (say('begins revert'), rotator.revert(call, credentials)),
  retire: (call, credentials) => (say('begins retire'), rotator.retire(call, credentials)),
  discard: async (call, credentials) => (say('begins discard'), rotator.discard?.(call, credentials)),
}

const { journal } = await journalFile(join(folder, 'rotation.db'))
const engine = rotationEngine({
  journal,
  versions: new FileVersions(join(folder, 'versions.db')),
  rotators: [told],
  clock: systemClock,
  random: systemRandom,
  effectTimeoutMs: 400,
  policy: { retryBaseMs: 10, breakerOpenMs: 50 },
  observer: { step: ({ to }) => say(`is ${to}`) },
})
for (;;) {
  const begun = await engine.begin({ secretId: 'prod/db', rotator: rotator.name }).catch(() => undefined)
  const advance = begun && (await engine.advance('prod/db').catch(() => undefined))
  if (advance?.status === 'waiting' || !advance || advance.status === 'busy')
    await new Promise((resolve) => setTimeout(resolve, 20))
}
