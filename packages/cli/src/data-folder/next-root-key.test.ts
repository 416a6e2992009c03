import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataFolder } from './data-folder.ts'
import { nextRootKeySource } from './next-root-key.ts'

const parts = { clock: systemClock, random: systemRandom }
let path = ''

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'keyplane-next-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

const failureWith = (code: string): Promise<unknown> => {
  const random = {
    ...systemRandom,
    bytes: (count: number) => {
      // Where the key's bytes are asked for the draft does not exist yet; what fails is told in the same way.
      if (count === 32) throw Object.assign(new Error(code), { code })
      return systemRandom.bytes(count)
    },
  }
  return nextRootKeySource(new DataFolder(path), { ...parts, random }).open()
}

describe('the next root key', () => {
  it('is made once, and leaves nothing else', async () => {
    const source = nextRootKeySource(new DataFolder(path), parts)
    await source.open()
    await source.open()
    expect(readdirSync(path)).toEqual(['root.key.next'])
  })

  it.each([
    ['ENOSPC', 'the disk is full (ENOSPC)'],
    ['EROFS', 'the file system is read-only (EROFS)'],
    ['EACCES', 'permission is denied (EACCES)'],
  ])('that the disk does not take with %s is unavailable, and says why', async (code, words) => {
    await expect(failureWith(code)).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'cannot_write',
      message: expect.stringContaining(words),
    })
    expect(readdirSync(path)).toEqual([])
  })

  it('is another one’s where that was put there meanwhile, and no draft is left', async () => {
    const random = {
      ...systemRandom,
      bytes: (count: number) => {
        // Another one's key appears between the look and the link.
        writeFileSync(join(path, 'root.key.next'), 'other', { mode: 0o600 })
        return systemRandom.bytes(count)
      },
    }
    await expect(nextRootKeySource(new DataFolder(path), { ...parts, random }).open()).rejects.toThrow('has 5 bytes')
    expect(readdirSync(path)).toEqual(['root.key.next'])
  })
})
