import { SecretsError } from '@keyplane/core'
import { localRootKey, type RootKey } from '@keyplane/sealing'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { Keyring } from './keyring.ts'
import { MemoryEntries } from '../../test/memory-entries.ts'

const hour = 3_600_000
const keepMs = 2 * hour

const start = (seed = 1, clock = fakeClock(), entries = new MemoryEntries(clock)) => {
  const random = seededRandom(seed)
  const local = localRootKey(new Uint8Array(32).fill(7), random)
  const away = new SecretsError('unavailable', 'transit is away')
  let isAway = false
  const rootKey: RootKey = {
    descriptor: '',
    wrap: async (plain, binding) => (isAway ? Promise.reject(away) : local.wrap(plain, binding)),
    unwrap: async (wrapped, binding) => (isAway ? Promise.reject(away) : local.unwrap(wrapped, binding)),
  }
  const problems: string[] = []
  const keyring = new Keyring({
    entries,
    rootKey,
    clock,
    random,
    keepMs,
    mostRecords: 100,
    onProblem: (told) => problems.push(told),
  })
  return { clock, entries, keyring, problems, lower: (down: boolean) => (isAway = down) }
}

describe('the keys of a shared cache', () => {
  it('are made once, and the one of names is the same for all', async () => {
    const { clock, entries, keyring } = start()
    const other = start(2, clock, entries).keyring
    expect(keyring.nameOf(['a'])).toBeUndefined()
    expect(keyring.forSealing()).toBeUndefined()
    await Promise.all([keyring.upkeep(), other.upkeep()])
    await Promise.all([keyring.upkeep(), other.upkeep()])
    expect(keyring.nameOf(['a', 'b'])).toBe(other.nameOf(['a', 'b']))
    expect(keyring.nameOf(['a', 'b'])).not.toBe(keyring.nameOf(['ab', '']))
    expect(keyring.forSealing()?.id).not.toBe(other.forSealing()?.id)
    expect(entries.held.size).toBe(3)
  })

  it('change within a day, and the old one opens for as long as its records are kept', async () => {
    const { clock, entries, keyring } = start()
    await keyring.upkeep()
    const first = keyring.forSealing()?.id ?? ''
    await clock.advance(20 * hour)
    await keyring.upkeep()
    expect(keyring.forSealing()?.id).not.toBe(first)
    const other = start(2, clock, entries).keyring
    expect(await other.forOpening(first)).toBeDefined()
    await clock.advance(keepMs)
    expect(await start(3, clock, entries).keyring.forOpening(first)).toBeUndefined()
  })

  it('seal no more than their number of records', async () => {
    const { keyring } = start()
    await keyring.upkeep()
    const first = keyring.forSealing()?.id
    for (let sealed = 1; sealed < 100; sealed += 1) expect(keyring.forSealing()?.id).toBe(first)
    expect(keyring.forSealing()).toBeUndefined()
    await keyring.upkeep()
    expect(keyring.forSealing()?.id).not.toBe(first)
  })

  it('that can’t be made anew are used for a day, and no longer', async () => {
    const { clock, keyring, problems, lower } = start()
    await keyring.upkeep()
    lower(true)
    await clock.advance(20 * hour)
    await keyring.upkeep()
    expect(keyring.forSealing()).toBeDefined()
    await clock.advance(4 * hour)
    expect(keyring.forSealing()).toBeUndefined()
    expect(problems.join()).toContain('transit is away')
    lower(false)
    await keyring.upkeep()
    expect(keyring.forSealing()).toBeDefined()
  })

  it('of another that can’t be had are asked for again after a while', async () => {
    const { clock, entries, keyring } = start()
    await keyring.upkeep()
    const id = keyring.forSealing()?.id ?? ''
    const other = start(2, clock, entries)
    other.lower(true)
    expect(await other.keyring.forOpening(id)).toBeUndefined()
    other.lower(false)
    expect(await other.keyring.forOpening(id)).toBeUndefined()
    await clock.advance(30_000)
    expect(await other.keyring.forOpening(id)).toBeDefined()
    await entries.set('key:ffffffffffffffff', Buffer.from('garbage'), hour)
    expect(await other.keyring.forOpening('ffffffffffffffff')).toBeUndefined()
  })

  it('are put back where they were wiped, the same', async () => {
    const { clock, entries, keyring } = start()
    await keyring.upkeep()
    const name = keyring.nameOf(['a'])
    entries.held.clear()
    await keyring.upkeep()
    const other = start(2, clock, entries).keyring
    await other.upkeep()
    expect(other.nameOf(['a'])).toBe(name)
    expect(await other.forOpening(keyring.forSealing()?.id ?? '')).toBeDefined()
  })
})
