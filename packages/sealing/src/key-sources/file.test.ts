import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileRootKey } from './file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'root-key-'))
  path = join(folder, 'data', 'root.key')
})
afterEach(() => rm(folder, { recursive: true }))

const source = () => fileRootKey({ path, random: systemRandom })
const binding = { purpose: 'root-check', storeId: 's' } as const

describe('a root key file', () => {
  it('is made for a new store: 32 bytes, readable by its owner only, nothing left beside it', async () => {
    await source().open()
    const { mode, size } = await stat(path)
    expect([(mode & 0o777).toString(8), size]).toEqual(['600', 32])
    expect(((await stat(join(folder, 'data'))).mode & 0o777).toString(8)).toBe('700')
    expect(await readdir(join(folder, 'data'))).toEqual(['root.key'])
  })

  it('is the same key each time it is opened', async () => {
    const sealed = await (await source().open()).wrap(Buffer.from('x'), binding)
    expect(Buffer.from(await (await source().open('')).unwrap(sealed, binding)).toString()).toBe('x')
  })

  it('is not replaced when a new store finds one', async () => {
    await source().open()
    const before = await readFile(path)
    await source().open()
    expect(await readFile(path)).toEqual(before)
  })

  it('is one key for many that start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => source().open()))
    const sealed = await keys[0]?.wrap(Buffer.from('x'), binding)
    for (const key of keys) expect(await key.unwrap(sealed ?? new Uint8Array(), binding)).toEqual(Buffer.from('x'))
  })

  it('is never made for an existing store', async () => {
    await expect(source().open('')).rejects.toMatchObject({ code: 'source_misconfigured', message: /is not there/ })
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  it('is refused while its group or others may read it', async () => {
    await source().open()
    for (const mode of [0o640, 0o604, 0o660, 0o620]) {
      await chmod(path, mode)
      await expect(source().open('')).rejects.toMatchObject({ code: 'source_misconfigured', message: /chmod 600/ })
    }
  })

  it('is refused with another length, and is not a folder', async () => {
    await source().open()
    await writeFile(path, Buffer.alloc(31))
    await expect(source().open('')).rejects.toMatchObject({ message: /has 31 bytes; a root key has 32/ })
    const notAFile = fileRootKey({ path: folder, random: systemRandom })
    await expect(notAFile.open('')).rejects.toMatchObject({ message: /is not a regular file/ })
  })

  it('is followed through a link, and judged by what the link leads to', async () => {
    await source().open()
    const linked = join(folder, 'link')
    await symlink(path, linked)
    await fileRootKey({ path: linked, random: systemRandom }).open('')
    await chmod(path, 0o644)
    await expect(fileRootKey({ path: linked, random: systemRandom }).open('')).rejects.toMatchObject({
      code: 'source_misconfigured',
    })
  })
})
