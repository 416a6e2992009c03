import { describeProvider, fakeClock } from '@keyplane/testkit'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { githubActionsFromSettings, githubActionsProvider } from './github-actions.ts'
import { maskCommands } from './github-mask.ts'

describeProvider(
  'github-actions',
  async (seed) => ({
    provider: githubActionsProvider({
      env: Object.fromEntries(seed.map(({ name, value }) => [name, String(value.reveal())])),
    }),
  }),
  { describe, it },
  {
    bytes: 'a variable holds text only',
    empty: 'GitHub gives an empty text for a secret that is not set',
    denies: 'a process may read all of its environment',
    silence: 'an environment is always there',
    babble: 'an environment holds texts only',
  },
)

afterEach(() => vi.restoreAllMocks())

const start = (env: Record<string, string | undefined>) => {
  const written: string[] = []
  return { provider: githubActionsProvider({ env, writeCommand: (text) => written.push(text) }), written }
}

describe('a job’s secret', () => {
  it('is masked once when it is read, and again when it is another', async () => {
    const env: Record<string, string> = { DB: '100% secret' }
    const { provider, written } = start(env)
    await provider.get({ id: 'DB' })
    await provider.get({ id: 'DB' })
    env['DB'] = 'another'
    await provider.get({ id: 'DB' })
    expect(written).toEqual(['::add-mask::100%25 secret\n', '::add-mask::another\n'])
    await provider.refresh?.()
    await provider.get({ id: 'DB' })
    expect(written).toHaveLength(3)
  })

  it('has no NUL in its name, where the process would cut it off', async () => {
    vi.stubEnv('KEYPLANE_TEST_CUT', 'value')
    const provider = githubActionsProvider({ env: process.env })
    await expect(provider.get({ id: 'KEYPLANE_TEST_CUT\0evil' })).rejects.toMatchObject({ code: 'secret_not_found' })
    vi.unstubAllEnvs()
  })

  it('that is empty is absent, as GitHub means it', async () => {
    const { provider, written } = start({ UNSET: '' })
    await expect(provider.get({ id: 'UNSET' })).rejects.toMatchObject({ code: 'secret_not_found' })
    await expect(provider.get({ id: 'toString' })).rejects.toMatchObject({ code: 'secret_not_found' })
    expect(written).toEqual([])
  })

  it('has no version before, nor another identity', async () => {
    const { provider } = start({ DB: 'x' })
    await expect(provider.get({ id: 'DB', stage: 'previous' })).rejects.toMatchObject({ code: 'version_not_found' })
    await expect(provider.get({ id: 'DB', as: 'role' })).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('is no variable of the runner’s own: read, but neither masked nor listed', async () => {
    const { provider, written } = start({ CI: 'true', GITHUB_REF: 'main', RUNNER_OS: 'Linux', DB: 'x', UNSET: '' })
    expect((await provider.get({ id: 'CI' })).value.reveal()).toBe('true')
    expect((await provider.get({ id: 'GITHUB_REF' })).value.reveal()).toBe('main')
    const names: string[] = []
    for await (const { name } of provider.list?.list({}) ?? []) names.push(name)
    expect(names).toEqual(['DB'])
    expect(written).toEqual([])
  })

  it('is the token that the workflow passes on, and the one that the runner keeps for itself', async () => {
    const { provider, written } = start({ GITHUB_TOKEN: 'ghs_1', ACTIONS_RUNTIME_TOKEN: 'jwt' })
    await provider.get({ id: 'GITHUB_TOKEN' })
    await provider.get({ id: 'ACTIONS_RUNTIME_TOKEN' })
    const names: string[] = []
    for await (const { name } of provider.list?.list({ prefix: 'G' }) ?? []) names.push(name)
    expect(names).toEqual(['GITHUB_TOKEN'])
    expect(written).toEqual(['::add-mask::ghs_1\n', '::add-mask::jwt\n'])
  })

  it('is not listed after the provider was closed', async () => {
    const { provider } = start({ DB: 'x' })
    await provider.close?.()
    const list = provider.list?.list({})[Symbol.asyncIterator]()
    await expect(list?.next()).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('the commands that mask', () => {
  it('are one a line, without blank lines and brackets', () => {
    expect(maskCommands('{\r\n  "key": "value"\n}\n\n')).toBe('::add-mask::  "key": "value"\n')
    expect(maskCommands('a\nlong enough')).toBe('::add-mask::long enough\n')
  })

  it('mask a short value that stands alone', () => {
    expect(maskCommands('x')).toBe('::add-mask::x\n')
    expect(maskCommands('  ')).toBe('')
  })

  it('never let a value write a command of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\r', '\n', '%', ':', 'a', '0A') }), (value) => {
        for (const line of maskCommands(value).split('\n').slice(0, -1))
          expect(line).toMatch(/^::add-mask::(?:[^%\r\n]|%(?:25|0D|0A))+$/)
      }),
    )
  })
})

describe('the provider by settings', () => {
  it.each([
    ['true', ['::add-mask::secret\n']],
    ['false', []],
  ])('writes to stdout where GITHUB_ACTIONS is %s: %j', async (value, told) => {
    const written: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
    const provider = await githubActionsFromSettings({
      env: { GITHUB_ACTIONS: value, DB: 'secret' },
      clock: fakeClock(),
    })
    await provider.get({ id: 'DB' })
    vi.restoreAllMocks()
    expect(written).toEqual(told)
  })
})
