import { describe, expect, it } from 'vitest'
import { unmappedUser } from './unmapped-user.ts'

const within = (map: string) =>
  unmappedUser((path) => {
    if (path.endsWith('uid_map')) return map
    return '65534\n'
  })

describe('users without a number in the agent’s user namespace', () => {
  it('are there where its map leaves any out, and have the kernel’s number', () => {
    expect(within('         0     100000      65536\n')).toBe(65_534)
    expect(within('         0       1000          1\n         1     100000      65535\n')).toBe(65_534)
    expect(within('')).toBe(65_534)
  })

  it('are not there where it has them all, in one range or more, nor where there are no such namespaces', () => {
    expect(within('         0          0 4294967295\n')).toBeUndefined()
    expect(within('         0          0 1000\n      1000       1000 4294966295\n')).toBeUndefined()
    const none = () => {
      throw new Error('ENOENT')
    }
    expect(unmappedUser(none)).toBeUndefined()
  })
})
