import { describe, expect, it } from 'vitest'
import { envProvider } from '@keyplane/providers'
import { openOver } from '../test/open-over.ts'
import { remoteMemory } from '../test/remote-memory.ts'
import { namedProvider } from './named-provider.ts'
import { openSecrets } from './open-secrets.ts'

describe('two sources of a kind', () => {
  it('are told apart by the names that they are given', async () => {
    const east = namedProvider('east', remoteMemory({ KEY: 'east' }).provider)
    const west = namedProvider('west', remoteMemory({ KEY: 'west', OTHER: 'other' }).provider)
    const secrets = openSecrets({ providers: [east, west], environment: false, env: {} })
    expect(await secrets.resolve(['keyplane://east/KEY', 'keyplane://west/KEY'])).toEqual(['east', 'west'])
    expect((await secrets.explain('OTHER')).steps.map(({ source, result }) => [source, result])).toEqual([
      ['east', 'absent'],
      ['west', 'answered'],
    ])
    expect(Object.keys(secrets.metrics())).toEqual(['east', 'west'])
    await secrets.close()
  })

  it('are refused under one name', () => {
    const { provider } = remoteMemory()
    expect(() => openSecrets({ providers: [provider, provider], env: {} })).toThrow('two are called "remote"')
  })

  it('keep what they can do', async () => {
    const provider = namedProvider('settings', envProvider({ env: { KEY: 'here' }, files: [] }))
    const { secrets } = openOver(provider)
    expect(secrets.getSecretSync('KEY')).toBe('here')
    expect(await secrets.listSecrets()).toEqual(['KEY'])
  })
})
