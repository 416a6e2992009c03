import { SecretsError } from '@keyplane/core'
import type { KvMetadata } from '@keyplane/openbao'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { OpenBaoStates } from './openbao-states.ts'

const metadata = (currentVersion: number): KvMetadata => ({
  currentVersion,
  updatedAtMs: 0,
  versions: new Map([[currentVersion, { createdAtMs: 0, destroyed: false }]]),
  customMetadata: {},
})

const refs = (...ids: string[]): { id: string }[] => ids.map((id) => ({ id }))

const start = () => {
  const clock = fakeClock()
  const asked: string[] = []
  const state = { refuses: undefined as SecretsError | undefined, hidden: '', others: 0 }
  const states = new OpenBaoStates({
    clock,
    begin: () => ({}),
    kv: {
      metadata: async (path) => {
        asked.push(path)
        if (path.endsWith('gone')) throw new SecretsError('secret_not_found', 'no')
        return metadata(2)
      },
      folderMetadata: async (folder, most) => {
        asked.push(`${folder}/*`)
        if (state.refuses) throw state.refuses
        const names = ['a', 'b', 'c', 'd', 'e'].filter((name) => name !== state.hidden)
        const all = [...names, ...Array.from({ length: state.others }, (_, index) => `other-${index}`)]
        const secrets = new Map(all.slice(0, most).map((name) => [`${folder}/${name}`, metadata(1)]))
        return { secrets, isWhole: all.length < most }
      },
    },
  })
  const versions = async (ids: readonly string[]): Promise<readonly string[]> =>
    (await states.describe(refs(...ids))).map((outcome) =>
      outcome.ok ? ([...outcome.value.versions.keys()][0] ?? '') : outcome.error.code,
    )
  return { clock, asked, state, versions }
}

const four = ['f/a', 'f/b', 'f/c', 'f/d']

describe('how secrets of OpenBao stand', () => {
  it('is asked in one request where several of a folder are wanted', async () => {
    const { asked, versions } = start()
    expect(await versions([...four, 'g/a'])).toEqual(['1', '1', '1', '1', '2'])
    expect(asked).toEqual(['f/*', 'g/a'])
  })

  it('is asked one by one where few of a folder are wanted', async () => {
    const { asked, versions } = start()
    expect(await versions(['f/a', 'f/b', 'f/c', 'top'])).toEqual(['2', '2', '2', '2'])
    expect(asked).toEqual(['f/a', 'f/b', 'f/c', 'top'])
  })

  it('is asked again of what a list leaves out, which may be filtered', async () => {
    const { asked, state, versions } = start()
    state.hidden = 'b'
    expect(await versions([...four, 'f/gone'])).toEqual(['1', '2', '1', '1', 'secret_not_found'])
    expect(asked).toEqual(['f/*', 'f/b', 'f/gone'])
  })

  // Twenty thousand secrets beside five in use took longer to list than an attempt may, and the source was given up for that.
  it('is asked one by one for a while where a folder holds many times what is wanted', async () => {
    const { asked, clock, state, versions } = start()
    state.others = 60
    expect(await versions(four)).toEqual(['1', '1', '1', '1'])
    expect(await versions(four)).toEqual(['2', '2', '2', '2'])
    expect(asked).toEqual(['f/*', ...four])
    await clock.advance(601_000)
    state.others = 20
    await versions(four)
    await versions(four)
    expect(asked.slice(5)).toEqual(['f/*', 'f/*'])
  })

  it.each(['access_denied', 'secret_not_found', 'source_misconfigured'] as const)(
    'is asked one by one for a while where the list says %s',
    async (code) => {
      const { asked, clock, state, versions } = start()
      state.refuses = new SecretsError(code, 'no')
      expect(await versions(four)).toEqual(['2', '2', '2', '2'])
      await versions(four)
      expect(asked.filter((what) => what === 'f/*')).toHaveLength(1)
      await clock.advance(601_000)
      await versions(four)
      expect(asked.filter((what) => what === 'f/*')).toHaveLength(2)
    },
  )

  it('is asked by the list again right after a failure that passes', async () => {
    const { asked, state, versions } = start()
    state.refuses = new SecretsError('unavailable', 'down')
    await versions(four)
    state.refuses = undefined
    expect(await versions(four)).toEqual(['1', '1', '1', '1'])
    expect(asked.filter((what) => what === 'f/*')).toHaveLength(2)
  })
})
