import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom as random } from '@keyplane/core'
import { fileRootKey, writePrivateFile } from '@keyplane/sealing'
import { beforeEach, describe, expect, it } from 'vitest'
import { bareEnvironment, type Finished, keyplane, startPlane } from '../../../packages/cli/test/keyplane-process.ts'
import { isRoot, SmallDisk } from './small-disk.ts'

let disk: SmallDisk
beforeEach((context) => {
  context.skip(!isRoot, 'a disk of our own takes root')
  disk = new SmallDisk(2)
  return () => disk.remove()
})

const full = { code: 'unavailable', reason: 'cannot_write', message: expect.stringContaining('the disk is full') }
const left = (): readonly string[] => readdirSync(disk.path).filter((name) => name !== 'ballast')
const run = (...args: readonly string[]): Promise<Finished> =>
  keyplane(args, { cwd: disk.path, env: bareEnvironment() }).finished

describe('a private file on a disk that is full', () => {
  it('is not begun: what was there is whole, and no draft takes the room that is left', () => {
    const path = join(disk.path, 'key')
    writePrivateFile({ path, content: 'before', random })
    disk.fill()
    const writing = () => writePrivateFile({ path, content: 'x'.repeat(9_000), random, replace: true })
    expect(writing).toThrow(expect.objectContaining(full))
    expect([left(), readFileSync(path, 'utf8')]).toEqual([['key'], 'before'])
    disk.empty()
    expect(writing()).toBe(true)
  })

  it('that would be the key of a new store is made when there is room', async () => {
    disk.fill()
    const source = fileRootKey({ path: join(disk.path, 'root.key'), random })
    await expect(source.open()).rejects.toMatchObject(full)
    expect(left()).toEqual([])
    disk.empty()
    await source.open()
    expect(left()).toEqual(['root.key'])
  })

  it('is told by a store that starts there and by one that changes its root key; nothing else is left', async () => {
    mkdirSync(join(disk.path, '.keyplane'), { mode: 0o700 })
    disk.fill()
    const refused = { code: 5, stderr: expect.stringContaining('the disk is full') as string }
    expect(await run('store', '--port', '0')).toMatchObject(refused)
    expect(readdirSync(join(disk.path, '.keyplane'))).toEqual([])
    disk.empty()
    const { process } = await startPlane('store', { cwd: disk.path })
    await process.stop()
    const keys = (): readonly string[] =>
      readdirSync(join(disk.path, '.keyplane')).filter((name) => name.includes('root.key'))
    disk.fill()
    expect(await run('store', 'rekey')).toMatchObject(refused)
    expect(keys()).toEqual(['root.key'])
    disk.empty()
    expect(await run('store', 'rekey')).toMatchObject({ code: 0 })
    expect(keys().filter((name) => name.includes('next'))).toEqual([])
  })
})
