import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataFolder } from './data-folder.ts'
import { nextRootKeySource, takeNextRootKey } from './next-root-key.ts'

let path = ''

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'keyplane-next-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

describe('the next root key', () => {
  it('is made once, and leaves nothing else', async () => {
    const source = nextRootKeySource(new DataFolder(path), systemRandom)
    await source.open()
    await source.open()
    expect(readdirSync(path)).toEqual(['root.key.next'])
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
    await expect(nextRootKeySource(new DataFolder(path), random).open()).rejects.toThrow('has 5 bytes')
    expect(readdirSync(path)).toEqual(['root.key.next'])
  })

  it('that another change of keys has taken over is not missed', () => {
    writeFileSync(join(path, 'root.key'), 'taken over', { mode: 0o600 })
    expect(takeNextRootKey(new DataFolder(path), 0)).toBeUndefined()
    expect(readdirSync(path)).toEqual(['root.key'])
  })

  it('that cannot be taken over is told with the file that it was to become', () => {
    expect(() => takeNextRootKey(new DataFolder(path), 0)).toThrow(/root\.key can't be written: .*\(ENOENT\)/)
  })
})
