import { envProvider } from '@keyplane/secrets/providers'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { parseAgentConfig } from './config.ts'
import { tokenVariablesOf, withoutTokens } from './without-tokens.ts'

describe('the environment without tokens', () => {
  it('has all but their variables, for reading and for listing', async () => {
    const config = parseAgentConfig(
      '[[keyplane.clients]]\nname = "a"\ntoken = "env://A_TOKEN"\n[[keyplane.clients]]\nname = "b"\ntoken = "file:///b"\n',
    )
    const env = { AWS_TOKEN: 'one', A_TOKEN: 'two', A: 'the value' }
    const provider = withoutTokens(envProvider({ env, files: [], clock: fakeClock() }), tokenVariablesOf(config))
    const names: string[] = []
    for await (const { name } of provider.list?.list({ prefix: 'A' }) ?? []) names.push(name)
    expect(names).toEqual(['A'])
    for (const id of ['AWS_TOKEN', 'A_TOKEN'])
      await expect(provider.get({ id })).rejects.toMatchObject({ code: 'secret_not_found', source: 'env' })
    expect((await provider.get({ id: 'A' })).value).toBeDefined()
  })
})
