import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom as random } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFailure, writePrivateFile } from './private-file.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-file-'))
  path = join(folder, 'key')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a private file', () => {
  it('is its owner’s alone, and nothing stays beside it', () => {
    expect(writePrivateFile({ path, content: 'one', random })).toBe(true)
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['one', 0o600])
    expect(readdirSync(folder)).toEqual(['key'])
  })

  it('is kept where it is there, unless it is to be replaced', () => {
    writeFileSync(path, 'before', { mode: 0o644 })
    expect(writePrivateFile({ path, content: 'one', random })).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('before')
    expect(writePrivateFile({ path, content: Uint8Array.of(0, 255), random, replace: true })).toBe(true)
    expect([[...readFileSync(path)], statSync(path).mode & 0o777]).toEqual([[0, 255], 0o600])
    expect(readdirSync(folder)).toEqual(['key'])
  })

  it('that cannot be written leaves nothing, and is told with the cause', () => {
    mkdirSync(path)
    const cannot = { code: 'unavailable', reason: 'cannot_write' }
    expect(() => writePrivateFile({ path, content: 'one', random, replace: true })).toThrow(
      expect.objectContaining({ ...cannot, message: `${path} can't be written: it is a folder (EISDIR).` }),
    )
    const below = join(folder, 'absent', 'key')
    expect(() => writePrivateFile({ path: below, content: 'one', random })).toThrow(expect.objectContaining(cannot))
    expect(readdirSync(folder)).toEqual(['key'])
  })

  it('takes away the drafts of writers that were killed, and those of nobody else', () => {
    const [old, young] = ['.key.0123456789abcdef', '.key.fedcba9876543210']
    const kept = ['.key.mine', '.key2.0123456789abcdef', young]
    const twoMinutesAgo = new Date(Date.now() - 120_000)
    for (const name of [old, ...kept]) writeFileSync(join(folder, name), '')
    for (const name of [old, ...kept.slice(0, 2)]) utimesSync(join(folder, name), twoMinutesAgo, twoMinutesAgo)
    writePrivateFile({ path, content: 'one', random })
    expect(readdirSync(folder).sort()).toEqual([...kept, 'key'].sort())
  })
})

describe('what the disk says', () => {
  it.each([
    ['ENOSPC', 'the disk is full (ENOSPC)'],
    ['EROFS', 'the file system is read-only (EROFS)'],
    ['EACCES', 'permission is denied (EACCES)'],
    ['EIO', 'the disk fails (EIO)'],
  ])('as %s is told in words', (code, words) => {
    expect(writeFailure('k', Object.assign(new Error('x'), { code })).message).toBe(`k can't be written: ${words}.`)
  })
})
