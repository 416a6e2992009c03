import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type WatchedIam, watchIam } from './watch-iam.ts'

let folder: string
let watched: WatchedIam | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iam-'))
})
afterEach(() => {
  watched?.close()
  rmSync(folder, { recursive: true })
})

const file = (...names: string[]): string =>
  JSON.stringify({ account: '000000000000', users: names.map((name) => ({ name, policies: [] })) })

const start = () => {
  const path = join(folder, 'iam.json')
  const clock = fakeClock()
  const problems: string[] = []
  writeFileSync(path, file('ann'), { mode: 0o600 })
  watched = watchIam({ path, clock, onProblem: (problem) => problems.push(problem) })
  const { current } = watched
  return { path, clock, problems, names: () => [...current().users.values()].map(({ userName }) => userName) }
}

describe('a watched IAM file', () => {
  it('counts as it is within a second of its change', async () => {
    const { path, clock, names } = start()
    expect(names()).toEqual(['ann'])
    writeFileSync(path, file('ann', 'bob'))
    expect(names()).toEqual(['ann'])
    await clock.advance(1_000)
    expect(names()).toEqual(['ann', 'bob'])
  })

  it('changes nothing while it is malformed or gone, and says so once', async () => {
    const { path, clock, names, problems } = start()
    writeFileSync(path, '{"account":')
    await clock.advance(3_000)
    expect(names()).toEqual(['ann'])
    expect(problems).toEqual([`${path}: The IAM file is not valid JSON. Callers and policies stay as they were.`])
    rmSync(path)
    await clock.advance(2_000)
    expect(problems[1]).toBe(`${path}: It cannot be read. Callers and policies stay as they were.`)
    writeFileSync(path, file('cyn'), { mode: 0o600 })
    await clock.advance(1_000)
    expect([names(), problems.length]).toEqual([['cyn'], 2])
  })

  it('is left as it was while others may read it, or something else than a file stands in its place', async () => {
    const { path, clock, names, problems } = start()
    writeFileSync(path, file('ann', 'bob'))
    chmodSync(path, 0o640)
    await clock.advance(1_000)
    expect(problems[0]).toContain(`It may be read or written by others; run: chmod 600 ${path}. Callers`)
    rmSync(path)
    execFileSync('mkfifo', ['-m', '600', path])
    await clock.advance(1_000)
    expect([names(), problems[1]]).toEqual([['ann'], expect.stringContaining('It is no regular file.')])
  })

  it('tells whoever listens of each change that counts, until he listens no more', async () => {
    const { path, clock, names } = start()
    const heard: (readonly (string | undefined)[])[] = []
    const listenNoMore = watched?.onChange(() => heard.push(names()))
    await clock.advance(2_000)
    writeFileSync(path, file('ann', 'bob'))
    await clock.advance(1_000)
    writeFileSync(path, '{"account":')
    await clock.advance(1_000)
    expect(heard).toEqual([['ann', 'bob']])
    listenNoMore?.()
    writeFileSync(path, file('cyn'))
    await clock.advance(1_000)
    expect([heard.length, names()]).toEqual([1, ['cyn']])
  })

  it('has to be right at first', () => {
    expect(() => watchIam({ path: join(folder, 'none'), clock: fakeClock(), onProblem: () => {} })).toThrow(
      /none: It cannot be read/,
    )
  })
})
