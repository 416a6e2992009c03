import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { findToken, Token } from './token.ts'

const variables = ['KEYPLANE_AGENT_TOKEN', 'AWS_TOKEN', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN']
const fileWith = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'keyplane-token-')), 'token')
  writeFileSync(path, text)
  return path
}
const matches = (token: Token, text: string): boolean => token.matches(Buffer.from(text))

describe('the agent’s token', () => {
  it('comes from the first variable that is set, our own before AWS’s', () => {
    expect(findToken({ AWS_SESSION_TOKEN: 'b', AWS_TOKEN: 'a' }, variables).text).toBe('a')
    expect(findToken({ AWS_TOKEN: 'a', KEYPLANE_AGENT_TOKEN: 'own' }, variables).text).toBe('own')
    expect(findToken({ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'c' }, variables).text).toBe('c')
  })

  it('is read from a file and trimmed, whichever variable names it', () => {
    const path = fileWith('  secret\n')
    for (const name of variables)
      expect(findToken({ [name]: `file://${path}` }, variables)).toMatchObject({ text: 'secret', path })
  })

  it('is taken from the configured list alone when there is one', () => {
    expect(findToken({ KEYPLANE_AGENT_TOKEN: 'a', MINE: 'b' }, ['MINE']).text).toBe('b')
    expect(() => findToken({ KEYPLANE_AGENT_TOKEN: 'a' }, ['MINE'])).toThrow('No token: set MINE')
  })

  it('is refused when empty, even if a later variable holds one', () => {
    expect(() => findToken({ AWS_TOKEN: '', AWS_SESSION_TOKEN: 'b' }, variables)).toThrow('AWS_TOKEN is empty')
    const empty = fileWith(' \n')
    expect(() => findToken({ AWS_TOKEN: `file://${empty}` }, variables)).toThrow(
      `The token in the file ${empty} is empty`,
    )
  })

  it('is refused when its file can’t be read, naming the file', () => {
    expect(() => findToken({ AWS_TOKEN: 'file:///nowhere/token' }, variables)).toThrow('/nowhere/token')
  })

  it('matches only itself, whatever the length of what is shown', () => {
    const token = new Token('secret')
    expect(matches(token, 'secret')).toBe(true)
    for (const other of ['', 'secre', 'secret ', 'Secret', 'secretsecret']) expect(matches(token, other)).toBe(false)
  })

  it('follows its file, and stays as it was while the file is empty or gone', async () => {
    const clock = fakeClock()
    const path = fileWith('first')
    const problems: SecretsError[] = []
    const token = new Token('first')
    token.follow(path, { clock, onProblem: (problem) => problems.push(problem) })
    writeFileSync(`${path}.new`, 'second token\n')
    renameSync(`${path}.new`, path)
    await clock.advance(1_000)
    expect(matches(token, 'second token')).toBe(true)
    expect(matches(token, 'first')).toBe(false)
    writeFileSync(path, '')
    await clock.advance(1_000)
    expect(matches(token, 'second token')).toBe(true)
    expect(problems).toHaveLength(1)
    token.close()
    expect(clock.waiting).toBe(0)
  })

  // A path that can't be walked threw out of the timer, and ended the process.
  it('stays as it was while its file can’t be reached, which is told once, and follows it again after', async () => {
    const clock = fakeClock()
    const path = fileWith('first')
    const problems: SecretsError[] = []
    const token = new Token('first')
    token.follow(path, { clock, onProblem: (problem) => problems.push(problem) })
    rmSync(path)
    symlinkSync(path, path)
    await clock.advance(5_000)
    expect(matches(token, 'first')).toBe(true)
    expect(problems.map(({ message }) => message)).toEqual([`The token file ${path} can't be read (ELOOP).`])
    rmSync(path)
    writeFileSync(path, 'second')
    await clock.advance(1_000)
    expect(matches(token, 'second')).toBe(true)
    token.close()
  })
})
