import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConfigTexts } from './config.ts'
import { followConfig } from './follow-config.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-follow-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('tells of a configuration that is another one, once, and of one that is wrong when it stays so', async () => {
  const path = join(folder, 'service.yaml')
  const write = (roles: string, name = 'service.yaml'): void => writeFileSync(join(folder, name), roles)
  const base = 'environments: { ci: { source: env } }\ntools: { a: {} }\n'
  write(base)
  const clock = fakeClock()
  const used: string[][] = []
  const told: string[] = []
  const end = followConfig(path, readConfigTexts(path), {
    clock,
    use: ({ roles }) => void used.push([...roles.keys()]),
    warn: (message) => void told.push(message),
  })
  await clock.advance(20_000)
  write(`${base}roles: { one: { allow: [] } }`)
  await clock.advance(20_000)
  expect([used, told]).toEqual([[['one']], []])
  write(`${base}roles: { one: { alow: [] }`)
  await clock.advance(5_000)
  expect(told).toEqual([])
  await clock.advance(60_000)
  expect(told).toEqual([expect.stringContaining('service.yaml:3')])
  write(`${base}roles: { two: { allow: [] } }`)
  await clock.advance(5_000)
  write('environment: { ttl: 1m }', 'service.ci.yaml')
  await clock.advance(20_000)
  expect([used, told.length]).toEqual([[['one'], ['two'], ['two']], 1])
  rmSync(path)
  await clock.advance(20_000)
  expect(told[1]).toContain('ENOENT')
  end()
  expect(clock.waiting).toBe(0)
})

it('tells of what was changed before it began to look', async () => {
  const path = join(folder, 'service.yaml')
  const base = 'environments: { ci: { source: env } }\ntools: { a: {} }\n'
  writeFileSync(path, base)
  const started = readConfigTexts(path)
  writeFileSync(path, `${base}roles: { one: { allow: [] } }`)
  const clock = fakeClock()
  const used: string[][] = []
  const end = followConfig(path, started, {
    clock,
    use: ({ roles }) => void used.push([...roles.keys()]),
    warn: (message) => expect.unreachable(message),
  })
  await clock.advance(20_000)
  expect(used).toEqual([['one']])
  end()
})
