import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Change, type SecretProvider, SecretsError, type SecretVersion, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { AnswersFile } from './answers-file.ts'
import { observed } from './observed.ts'
import { PersistedAnswers } from './persisted-answers.ts'

const version: SecretVersion = {
  id: 'arn:a',
  name: 'a',
  version: 'v1',
  stages: ['current'],
  value: new TextValue('canary-value'),
}
const down = new SecretsError('unavailable', 'no')

const start = (provider: Partial<SecretProvider> = {}) => {
  const answers = new PersistedAnswers({
    file: new AnswersFile(join(mkdtempSync(join(tmpdir(), 'keyplane-persist-')), 'cache'), Buffer.alloc(32, 7), 'here'),
    maxEntries: 3,
    coversMs: 600_000,
    clock: fakeClock(),
    log: { info() {}, error() {} },
  })
  return { answers, source: observed({ name: 'it', get: async () => version, ...provider }, answers) }
}

describe('an observed source', () => {
  it.each(['withdrawn', 'deleted'] as const)('takes back what its stream says is %s, by id or name', async (kind) => {
    for (const id of ['a', 'arn:a']) {
      const changes: Change[] = [{ kind: 'changed', id }, { kind: 'resync' }, { kind, id }]
      const { answers, source } = start({
        watch: {
          async *watch() {
            yield* changes
          },
        },
      })
      await source.get({ id: 'a' })
      await source.get({ id: 'arn:a', as: 'role' })
      const seen: Change[] = []
      for await (const change of source.watch?.watch('all', new AbortController().signal) ?? []) {
        expect(answers.size).toBe(change.kind === kind ? 0 : 2)
        seen.push(change)
      }
      expect(seen).toEqual(changes)
    }
  })

  it('keeps no answer that was under way when something was withdrawn', async () => {
    let answer = (_version: SecretVersion): void => {}
    const { answers, source } = start({ get: () => new Promise((resolve) => void (answer = resolve)) })
    const reading = source.get({ id: 'a' })
    answers.change({ kind: 'withdrawn', id: 'a' })
    answer(version)
    expect(await reading).toBe(version)
    expect(answers.cover({ id: 'a' }, down)).toBeUndefined()
  })
})
