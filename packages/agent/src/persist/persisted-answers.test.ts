import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BytesValue, type ErrorCode, SecretsError, type SecretVersion, type Stage, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { AnswersFile } from './answers-file.ts'
import { PersistedAnswers } from './persisted-answers.ts'

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
      file: new AnswersFile(path, itsKey, binding),
      maxEntries: 3,
      coversMs: 600_000,
      clock,
      log: { info: note, error: note },
    })
  const revealed = (answers: PersistedAnswers, id: string, error = down) => answers.cover({ id }, error)?.value.reveal()
  return { folder, path, clock, told, open, revealed }
}

describe('answers on the disk', () => {
  it('cover failures of the source after a restart, whole, by name and by ARN', async () => {
    const { open, revealed, told } = start()
    const before = open()
    before.note({ id: 'a' }, version('a'))
    before.note({ id: 'b', version: 'v1' }, { ...version('b'), value: new BytesValue(Buffer.from([0, 255])) })
    await before.close()
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
    await before.close()
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

  it('are one for every spelling: what one brings is given under the others', async () => {
    const { open, revealed } = start()
    const before = open()
    before.note({ id: 'arn:a' }, version('a'))
    before.note({ id: 'a' }, version('a', 'canary-second'))
    await before.close()
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
    const answers = open()
    answers.note({ id: 'canary-name' }, version('canary-name'))
    await clock.advance(30_000)
    await answers.written()
    const bytes = readFileSync(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(bytes.toString('latin1')).not.toContain('canary')
    expect(bytes.toString('base64')).not.toContain(Buffer.from('canary-value').toString('base64').slice(0, 12))
  })

  it('are sealed once each, and not written for a confirmation, which counts all the same', async () => {
    const { clock, path, open, revealed } = start()
    const answers = open()
    for (const id of ['a', 'b']) answers.note({ id }, version(id))
    const written = async (): Promise<{ bytes: Buffer; inode: number }> => {
      await clock.advance(30_000)
      await answers.written()
      return { bytes: readFileSync(path), inode: statSync(path).ino }
    }
    const first = await written()
    await clock.advance(500_000)
    answers.confirm(state('a', { v1: ['current'] }), undefined)
    answers.note({ id: 'b' }, version('b'))
    expect(await written()).toEqual(first)
    answers.note({ id: 'b' }, version('b', 'canary-second'))
    const { bytes } = await written()
    const head = 55
    const ofA = first.bytes.subarray(head, head + 4 + first.bytes.readUInt32BE(head))
    expect([bytes.equals(first.bytes), bytes.includes(ofA)]).toEqual([false, true])
    await answers.close()
    await clock.advance(500_000)
    const after = open()
    expect(['a', 'b'].map((id) => revealed(after, id))).toEqual(['canary-value', 'canary-second'])
  })

  it('whose confirmations were altered are as old as they were when written, which is told', async () => {
    const { clock, path, open, revealed, told } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    await clock.advance(30_000)
    await answers.written()
    await clock.advance(500_000)
    answers.confirm(state('a', { v1: ['current'] }), undefined)
    await answers.close()
    const times = readFileSync(`${path}.times`)
    times[90] = (times[90] ?? 0) ^ 1
    writeFileSync(`${path}.times`, times)
    const after = open()
    expect(revealed(after, 'a')).toBe('canary-value')
    await clock.advance(70_000)
    expect(revealed(after, 'a')).toBeUndefined()
    expect(told).toContain(`Nothing is taken from ${path}.times: it can't be read, was altered, or has another key.`)
  })

  it('with one of them cut out or out of its place are not taken', async () => {
    const { path, open } = start()
    const answers = open()
    for (const id of ['a', 'b']) answers.note({ id }, version(id))
    await answers.close()
    const whole = readFileSync(path)
    const head = whole.subarray(0, 55)
    const second = 55 + 4 + whole.readUInt32BE(55)
    const third = second + 4 + whole.readUInt32BE(second)
    const [a, b, end] = [whole.subarray(55, second), whole.subarray(second, third), whole.subarray(third)]
    for (const parts of [[a, end], [b, a, end], [a, b], [a, b, b, end], [end], []]) {
      writeFileSync(path, Buffer.concat([head, ...parts]))
      expect(open().size).toBe(0)
    }
    writeFileSync(path, Buffer.concat([head, a, b, end]))
    expect(open().size).toBe(2)
  })

  it('are for their owner alone also where somebody left a draft for all', async () => {
    const { path, open } = start()
    writeFileSync(`${path}.next`, 'left', { mode: 0o644 })
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    await answers.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('that were altered anywhere, or have another key, are not taken, which is told without a value', async () => {
    const { path, open, told } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    await answers.close()
    const whole = readFileSync(path)
    for (const at of [0, 25, 57, 60, 100, whole.length - 60, whole.length - 1]) {
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

  it('of another source are not taken, which is told once', async () => {
    const { open, told } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    await answers.close()
    expect(open(key, 'elsewhere').size).toBe(0)
    expect(told).toEqual([expect.stringContaining('it is of another source, endpoint or region.')])
    expect(open().size).toBe(1)
  })

  it('to another account’s credentials are forgotten, which is told once', async () => {
    const { open, told } = start()
    const before = open()
    before.note({ id: 'a' }, version('a'))
    before.bindTo('111111111111')
    before.note({ id: 'b' }, version('b'))
    await before.close()
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

  it('read while their account was not known are forgotten once another is, by the account of their ARN', async () => {
    const { open, revealed } = start()
    const arn = (account: string) => `arn:aws:secretsmanager:eu-west-1:${account}:secret:db-AbCdEf`
    const before = open()
    before.note({ id: 'mine' }, { ...version('mine'), id: arn('111111111111') })
    before.note({ id: 'theirs' }, { ...version('theirs'), id: arn('222222222222') })
    before.note({ id: 'no ARN' }, version('c'))
    await before.close()
    const given = (account: string): unknown[] => {
      const after = open()
      after.bindTo(account)
      return ['mine', 'theirs', 'no ARN'].map((id) => revealed(after, id))
    }
    expect(given('111111111111')).toEqual(['canary-value', undefined, 'canary-value'])
    expect(given('222222222222')).toEqual([undefined, 'canary-value', 'canary-value'])
  })

  it('that can’t be written are told once, and written when they can', async () => {
    const { folder, clock, path, open, told } = start()
    const answers = open()
    mkdirSync(`${path}.next`)
    for (const id of ['a', 'b', 'c']) {
      answers.note({ id }, version(id))
      await clock.advance(30_000)
      await answers.written()
    }
    expect(told).toEqual([`${path} can't be written; a restart will not have what changed since.`])
    rmSync(`${path}.next`, { recursive: true })
    await answers.close()
    expect(open().size).toBe(3)
    rmSync(folder, { recursive: true })
  })
})

describe('what the source takes back', () => {
  const names = (answers: PersistedAnswers): string[] =>
    ['a', 'b'].filter((id) => answers.cover({ id }, down) !== undefined)

  it.each<[string, (answers: PersistedAnswers) => void]>([
    ['a refusal', (answers) => answers.fail({ id: 'a' }, failure('access_denied'))],
    ['a deletion', (answers) => answers.fail({ id: 'a' }, failure('secret_deleted'))],
    ['a deletion that a check shows', (answers) => answers.confirm(state('a', { v1: ['current'] }, 1), undefined)],
    ['a withdrawal by push', (answers) => answers.change({ kind: 'withdrawn', id: 'a' })],
  ])('by %s is gone from the disk within a second', async (_, takeBack) => {
    const { open, clock } = start()
    const answers = open()
    answers.note({ id: 'a' }, version('a'))
    answers.note({ id: 'b' }, version('b'))
    await clock.advance(30_000)
    await answers.written()
    expect(names(open())).toEqual(['a', 'b'])
    answers.note({ id: 'b' }, version('b'))
    takeBack(answers)
    await clock.advance(1_000)
    await answers.written()
    expect(names(open())).toEqual(['b'])
  })

  it('writes nothing where nothing of it was kept', async () => {
    const { open, clock, path } = start()
    const answers = open()
    answers.fail({ id: 'a' }, failure('access_denied'))
    await clock.advance(60_000)
    await answers.written()
    expect(() => statSync(path)).toThrow('ENOENT')
  })
})
