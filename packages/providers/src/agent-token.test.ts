import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { TokenKeeper } from './agent-token.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyplane-token-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  const file = join(folder, 'token')
  return { folder, file, keeper: new TokenKeeper({ token: { file }, source: 'agent', clock: fakeClock() }) }
}
const wrong = expect.objectContaining({ code: 'source_misconfigured', reason: 'token', source: 'agent' })

describe('the file of a token', () => {
  it('may be a link, and may hold 4 KiB', async () => {
    const { folder, file, keeper } = await start()
    await writeFile(join(folder, 'other'), 'x'.repeat(4_096))
    await symlink('other', file)
    expect(await keeper.get({})).toHaveLength(4_096)
  })

  it('is refused where it holds more than a token can', async () => {
    const { file, keeper } = await start()
    await writeFile(file, 'x'.repeat(4_097))
    await expect(keeper.get({})).rejects.toEqual(wrong)
  })

  it('is no pipe and no folder: nobody waits for a writer', async () => {
    const { folder, file, keeper } = await start()
    execFileSync('mkfifo', [file])
    await expect(keeper.get({})).rejects.toEqual(wrong)
    const inFolder = new TokenKeeper({ token: { file: folder }, source: 'agent', clock: fakeClock() })
    await expect(inFolder.get({})).rejects.toEqual(wrong)
  })

  it('is read within the limits of the call', async () => {
    const { file, keeper } = await start()
    await writeFile(file, 'token')
    const caller = new AbortController()
    const read = keeper.get({ signal: caller.signal })
    caller.abort('left')
    await expect(read).rejects.toBe('left')
    const clock = fakeClock()
    const late = new TokenKeeper({ token: { file }, source: 'agent', clock })
      .get({ timeoutMs: 5 })
      .catch((error: unknown) => error)
    // The time is over in this turn; the thread pool answers in a later one.
    void clock.advance(5)
    expect(await late).toMatchObject({ code: 'timeout', reason: 'token' })
  })
})
