import { describe, expect, it } from 'vitest'
import { renamed } from './mysql-grants.ts'

const from = { user: 'app', host: '10.0.%' }
const like = (statement: string): string => renamed(statement, { from, to: { user: 'app_clone', host: '10.0.%' } })

describe('a grant of one account, for another', () => {
  it.each([
    ['GRANT SELECT ON `db`.* TO `app`@`10.0.%`', "GRANT SELECT ON `db`.* TO 'app_clone'@'10.0.%'"],
    ['GRANT `reader`@`%` TO `app`@`10.0.%`', "GRANT `reader`@`%` TO 'app_clone'@'10.0.%'"],
    ["GRANT USAGE ON *.* TO 'app'@'10.0.%'", "GRANT USAGE ON *.* TO 'app_clone'@'10.0.%'"],
    ['REVOKE INSERT ON `db`.* FROM `app`@`10.0.%`', "REVOKE INSERT ON `db`.* FROM 'app_clone'@'10.0.%'"],
    ['SET DEFAULT ROLE `reader` FOR `app`@`10.0.%`', "SET DEFAULT ROLE `reader` FOR 'app_clone'@'10.0.%'"],
  ])('is %s → %s', (statement, wanted) => {
    expect(like(statement)).toBe(wanted)
  })

  it('leaves out how the first one logs in', () => {
    expect(
      like("GRANT USAGE ON *.* TO `app`@`10.0.%` IDENTIFIED BY PASSWORD '*4A' REQUIRE SSL WITH GRANT OPTION"),
    ).toBe("GRANT USAGE ON *.* TO 'app_clone'@'10.0.%' REQUIRE SSL WITH GRANT OPTION")
    expect(like("GRANT USAGE ON *.* TO `app`@`10.0.%` IDENTIFIED VIA ed25519 USING 'x' OR unix_socket")).toBe(
      "GRANT USAGE ON *.* TO 'app_clone'@'10.0.%'",
    )
  })

  it('is none where it names somebody else', () => {
    expect(() => like('GRANT SELECT ON `db`.* TO `app`@`10.0.1`')).toThrow(/in no known way/)
  })
})
