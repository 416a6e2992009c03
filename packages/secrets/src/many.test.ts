import { SecretsError } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { openOver } from '../test/open-over.ts'
import { remoteMemory } from '../test/remote-memory.ts'

describe('many secrets at once', () => {
  it('are one call for every twenty, and none for those that are kept', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `KEY_${index}`)
    const { provider, calls } = remoteMemory(Object.fromEntries(names.map((name) => [name, name.toLowerCase()])))
    const { secrets } = openOver(provider)
    const { values, errors } = await secrets.getMany(names)
    expect(Object.entries(values)).toEqual(names.map((name) => [name, name.toLowerCase()]))
    expect(errors).toEqual({})
    expect(calls.many.map((ids) => ids.length)).toEqual([20, 20, 10])
    await secrets.getMany(names)
    expect(calls.many).toHaveLength(3)
  })

  it('tell key by key what failed, a refusal rather than another source’s absence', async () => {
    const { provider, state } = remoteMemory({ A: 'one' })
    const { secrets } = openOver(provider, { environment: true })
    const { values, errors } = await secrets.getMany(['A', 'NOPE', 'A'])
    expect(values).toEqual({ A: 'one' })
    expect(errors.NOPE).toMatchObject({ code: 'secret_not_found' })
    state.failure = new SecretsError('access_denied', 'no')
    expect((await secrets.getMany(['OTHER'])).errors.OTHER).toMatchObject({ code: 'access_denied' })
  })

  it('come from the next source where the first has them not', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets } = openOver(provider, { environment: true, env: { KEYPLANE_ENV_FOLDER: '/nowhere', B: 'two' } })
    expect((await secrets.getMany(['A', 'B'])).values).toEqual({ A: 'one', B: 'two' })
  })

  it('may have any name', async () => {
    const { provider } = remoteMemory({ ['__proto__']: 'one', constructor: 'two' })
    const { secrets } = openOver(provider)
    const { values } = await secrets.getMany(['__proto__', 'constructor', 'toString'])
    expect([values['__proto__'], values['constructor'], values['toString']]).toEqual(['one', 'two', undefined])
  })

  it('end with the caller’s abort', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets } = openOver(provider)
    await expect(secrets.getMany(['A'], { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
  })

  it('preloaded, are all there or told in one error', async () => {
    const { provider } = remoteMemory({ A: 'one' })
    const { secrets } = openOver(provider)
    await secrets.preload(['A'])
    const error: SecretsError = await secrets.preload(['A', 'B', 'C']).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'secret_not_found' })
    expect(error.message.split('\n')).toEqual([
      '2 secrets could not be loaded:',
      '  "B": There is no secret "B".',
      '  "C": There is no secret "C".',
    ])
  })
})
