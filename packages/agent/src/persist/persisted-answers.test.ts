import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BytesValue, type ErrorCode, SecretsError, type SecretVersion, type Stage, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { PersistedAnswers } from './persisted-answers.ts'
import { readKeyFile, SealedFile } from './sealed-file.ts'

const key = Buffer.alloc(32, 7)
const version = (id: string, value = 'canary-value'): SecretVersion => ({
  id: `arn:${id}`,
  name: id,
  version: 'v1',
  stages: ['current'],
  createdAtMs: 1_569_534_789_046,
  value: new TextValue(value),
})
const state = (id: string, versions: Record<string, readonly Stage[]>, deletedAtMs?: number) => ({
  id: `arn:${id}`,
  versions: new Map(Object.entries(versions)),
  ...(deletedAtMs !== undefined && { deletedAtMs }),
})
const failure = (code: ErrorCode, reason?: string) =>
  new SecretsError(code, 'no', reason === undefined ? {} : { reason })
const down = failure('unavailable')

const start = () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-persist-'))
  const path = join(folder, 'cache')
  const clock = fakeClock()
  const told: string[] = []
  const note = (_facts: object, message: string): void => void told.push(message)
  const open = (itsKey = key, binding = 'here') =>
    new PersistedAnswers({
      file: new SealedFile(path, itsKey, binding),
      maxEntries: 3,
      coversMs: 600_000,
      clock,
      log: { info: note, error: note },
    })
  const revealed = (answers: PersistedAnswers, id: string, error = down) => answers.cover({ id }, error)?.value.reveal()
  return { folder, path, clock, told, open, revealed }
}

describe('answers on the disk', () => {
  it('cover failures of the source after a restart, whole, by name and by ARN', () => {
    const { open, revealed, told } = start()
    const before = open()
    before.note({ id: 'a' }, version('a'))
    before.note({ id: 'b', version: 'v1' }, { ...version('b'), value: new BytesValue(Buffer.from([0, 255])) })
    before.close()
    const after = open()
    expect(after.cover({ id: 'a' }, down)).toEqual(version('a'))
    expect(revealed(after, 'arn:a')).toBe('canary-value')
    expect(after.cover({ id: 'b', version: 'v1' }, down)?.value.reveal()).toEqual(new Uint8Array([0, 255]))
    expect(after.cover({ id: 'b' }, down)).toBeUndefined()
    expect(after.cover({ id: 'a', as: 'role' }, down)).toBeUndefined()
    expect(after.cover({ id: 'a', stage: 'previous' }, down)).toBeUndefined()
    expect(told).toEqual(['Answers of before the restart cover failures of the source.'])
  })

  it.each<[ErrorCode, string | undefined, boolean]>([
    ['unavailable', undefined, true],
    ['timeout', undefined, true],
    ['rate_limited', undefined, true],
    ['bad_response', undefined, true],
    ['source_misconfigured', undefined, true],
    ['unauthenticated', 'expired_token', true],
    ['unauthenticated', 'unknown_key', false],
    ['access_denied', undefined, false],
    ['secret_not_found', undefined, false],
    ['secret_deleted', undefined, false],
    ['version_not_found', undefined, false],
  ])('of %s (%s): covered is %s, and what is not covered is forgotten', (code, reason, isCovered) => {
    const { open, revealed } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    const error = failure(code, reason)
    answers.fail({ id: 'a' }, error)
    expect(revealed(answers, 'a', error)).toBe(isCovered ? 'canary-value' : undefined)
    expect(answers.size).toBe(isCovered ? 1 : 0)
  })

  it('cover for a bounded time after the source last vouched for them, restarts included', async () => {
    const { clock, open, revealed } = start()
    const before = open()
    before.note({ id: 'a' }, version('a'))
    await clock.advance(500_000)
    before.confirm(state('a', { v1: ['current'] }), undefined)
    before.close()
    await clock.advance(599_000)
    const after = open()
    expect(revealed(after, 'a')).toBe('canary-value')
    await clock.advance(1_000)
    expect(revealed(after, 'a')).toBeUndefined()
  })

  it('are forgotten when the secret is deleted or its version is gone, and not renewed when another is current', async () => {
    const { clock, open, revealed } = start()
    const answers = open()
    for (const id of ['a', 'b', 'c']) answers.note({ id }, version(id))
    await clock.advance(500_000)
    answers.confirm(state('a', { v1: ['current'] }, 1), undefined)
    answers.confirm(state('b', { v2: ['current'] }), undefined)
    answers.confirm(state('c', { v1: ['previous'], v2: ['current'] }), undefined)
    expect([revealed(answers, 'a'), revealed(answers, 'b'), revealed(answers, 'c')]).toEqual([
      undefined,
      undefined,
      'canary-value',
    ])
    await clock.advance(100_000)
    expect(revealed(answers, 'c')).toBeUndefined()
  })

  it('are one for every spelling: what one brings is given under the others', () => {
    const { open, revealed } = start()
    const before = open()
    before.note({ id: 'arn:a' }, version('a'))
    before.note({ id: 'a' }, version('a', 'canary-second'))
    before.close()
    const after = open()
    expect([after.size, revealed(after, 'arn:a'), revealed(after, 'a')]).toEqual([1, 'canary-second', 'canary-second'])
  })

  it('of a name that has become another secret are forgotten', () => {
    const { open, revealed } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    answers.note({ id: 'a' }, { ...version('a', 'canary-second'), id: 'arn:other' })
    expect([revealed(answers, 'arn:a'), revealed(answers, 'a')]).toEqual([undefined, 'canary-second'])
  })

  it.each<[ErrorCode, boolean]>([
    ['access_denied', false],
    ['secret_not_found', false],
    ['secret_deleted', false],
    ['version_not_found', true],
  ])('are forgotten in every version and spelling on %s of one, of that role: %s', (code, areOthersKept) => {
    const { open } = start()
    for (const spelling of ['a', 'arn:a']) {
      const answers = open()
      answers.note({ id: spelling }, version('a'))
      answers.note({ id: 'a', version: 'v1' }, version('a'))
      answers.note({ id: 'a', as: 'role' }, version('a'))
      answers.fail({ id: 'a' }, failure(code))
      expect(answers.cover({ id: 'arn:a' }, down)).toBeUndefined()
      expect(answers.cover({ id: 'arn:a', version: 'v1' }, down) !== undefined).toBe(areOthersKept)
      expect(answers.cover({ id: 'arn:a', as: 'role' }, down)).toEqual(version('a'))
    }
  })

  it('go in the order in which the source last vouched for them', () => {
    const { open, revealed } = start()
    const answers = open()
    for (const id of ['a', 'b', 'c']) answers.note({ id }, version(id))
    answers.confirm(state('a', { v1: ['current'] }), undefined)
    answers.note({ id: 'd' }, version('d'))
    expect(['a', 'b'].map((id) => revealed(answers, id))).toEqual(['canary-value', undefined])
  })

  it('are as many as the cache holds, and none with a lease', () => {
    const { open, revealed } = start()
    const answers = open()
    for (const id of ['a', 'b', 'c', 'd']) answers.note({ id }, version(id))
    answers.note({ id: 'e' }, { ...version('e'), lease: { id: 'l', renewable: false, expiresAtMs: 1 } })
    expect(['a', 'b', 'e'].map((id) => revealed(answers, id))).toEqual([undefined, 'canary-value', undefined])
  })

  it('are written within half a minute, sealed, for their owner alone', async () => {
    const { clock, path, open } = start()
    open().note({ id: 'canary-name' }, version('canary-name'))
    await clock.advance(30_000)
    const bytes = readFileSync(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(bytes.toString('latin1')).not.toContain('canary')
    expect(bytes.toString('base64')).not.toContain(Buffer.from('canary-value').toString('base64').slice(0, 12))
  })

  it('are for their owner alone also where somebody left a draft for all', () => {
    const { path, open } = start()
    writeFileSync(`${path}.next`, 'left', { mode: 0o644 })
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    answers.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('that were altered anywhere, or have another key, are not taken, which is told without a value', () => {
    const { path, open, told } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    answers.close()
    const whole = readFileSync(path)
    for (const at of [0, 25, 40, whole.length - 1]) {
      const altered = Buffer.from(whole)
      altered[at] = (altered[at] ?? 0) ^ 1
      writeFileSync(path, altered)
      expect(open().size, String(at)).toBe(0)
    }
    writeFileSync(path, whole.subarray(0, 30))
    expect(open().size).toBe(0)
    writeFileSync(path, whole)
    expect(open(Buffer.alloc(32, 8)).size).toBe(0)
    expect(open().size).toBe(1)
    expect(told.join()).toContain('was altered, or has another key')
    expect(told.join()).not.toContain('canary')
  })

  it('of another source are not taken, which is told once', () => {
    const { open, told } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    answers.close()
    expect(open(key, 'elsewhere').size).toBe(0)
    expect(told).toEqual([expect.stringContaining('it is of another source, endpoint or region.')])
    expect(open().size).toBe(1)
  })

  it('to another account’s credentials are forgotten, which is told once', () => {
    const { open, told } = start()
    const before = open()
    before.note({ id: 'a' }, version('a'))
    before.bindTo('111111111111')
    before.note({ id: 'b' }, version('b'))
    before.close()
    const same = open()
    same.bindTo('111111111111')
    expect(same.size).toBe(2)
    const other = open()
    told.splice(0)
    other.bindTo('222222222222')
    other.bindTo('222222222222')
    expect(other.size).toBe(1)
    expect(told).toEqual([expect.stringContaining("that another account's credentials read.")])
  })

  it('that can’t be written are told once, and written when they can', async () => {
    const { folder, clock, path, open, told } = start()
    const answers = open()
    mkdirSync(`${path}.next`)
    for (const id of ['a', 'b', 'c']) {
      answers.note({ id }, version(id))
      await clock.advance(30_000)
    }
    expect(told).toEqual([`${path} can't be written; a restart will not have what changed since.`])
    rmSync(`${path}.next`, { recursive: true })
    answers.close()
    expect(open().size).toBe(3)
    rmSync(folder, { recursive: true })
  })
})

describe('the key file', () => {
  it('holds 32 bytes in base64, for its owner and, to read, its group; what else it holds is refused with how to make one', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'keyplane-key-')), 'key')
    expect(() => readKeyFile(path)).toThrow(
      `The key file ${path} can't be read (ENOENT); make one: (umask 077; openssl`,
    )
    writeFileSync(path, `${key.toString('base64')}\n`)
    for (const mode of [0o644, 0o660, 0o604, 0o602]) {
      chmodSync(path, mode)
      expect(() => readKeyFile(path), mode.toString(8)).toThrow('is open to more than its owner and readers')
    }
    for (const mode of [0o600, 0o400, 0o440, 0o640]) {
      chmodSync(path, mode)
      expect(readKeyFile(path), mode.toString(8)).toEqual(key)
    }
    rmSync(path)
    for (const text of ['', 'canary', Buffer.alloc(16).toString('base64'), `${key.toString('base64')}x`]) {
      writeFileSync(path, text, { mode: 0o600 })
      expect(() => readKeyFile(path)).toThrow(/does not hold 32 bytes in base64(?!.*canary)/)
    }
    writeFileSync(path, `${key.toString('base64')}\n`)
    expect(readKeyFile(path)).toEqual(key)
  })
})
