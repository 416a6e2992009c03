import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { expect, it } from 'vitest'
import { followFiles } from './followed-files.ts'

it('files that belong together are told of once, a second after the last of them has changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
  const [certificate, key] = [join(folder, 'certificate'), join(folder, 'key')]
  writeFileSync(certificate, 'old')
  writeFileSync(key, 'old')
  const clock = fakeClock()
  let told = 0
  const unfollow = followFiles([certificate, key], clock, () => {
    told += 1
  })
  const after = async (ms: number): Promise<number> => {
    await clock.advance(ms)
    return told
  }
  writeFileSync(certificate, 'a new one')
  expect(await after(1_000)).toBe(0)
  writeFileSync(key, 'a new one')
  expect(await after(1_000)).toBe(0)
  expect(await after(1_000)).toBe(1)
  expect(await after(5_000)).toBe(1)
  unfollow()
  expect(clock.waiting).toBe(0)
  rmSync(folder, { recursive: true })
})
