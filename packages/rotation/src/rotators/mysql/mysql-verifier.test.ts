import { systemRandom } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { mysqlVerifier, requirePlugin } from './mysql-verifier.ts'

describe('a verifier of MySQL', () => {
  it('is what the server’s PASSWORD() makes', () => {
    expect(mysqlVerifier('mysql_native_password', 'password', systemRandom)).toBe(
      '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19',
    )
  })

  it('has a salt of its own each time, and nothing that ends a quotation', () => {
    const made = [1, 2].map(() => mysqlVerifier('caching_sha2_password', 'password', systemRandom))
    expect(made[0]).not.toBe(made[1])
    for (const verifier of made) expect(verifier).toMatch(/^\$A\$005\$[\w./]{20}[\w./]{43}$/)
  })

  it.each(['ed25519', 'unix_socket', '', undefined])('is not made for %j', (plugin) => {
    expect(() => requirePlugin(plugin)).toThrow(/has no password to rotate/)
  })
})
