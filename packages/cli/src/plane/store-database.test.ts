import { describe, expect, it } from 'vitest'
import { databaseName } from './store-database.ts'

const password = 'correct-horse-battery'

describe('the name of a database', () => {
  it('is its host and its own name', () => {
    expect(databaseName({ databaseUrl: `postgresql://app:${password}@db.example:5433/keyplane?sslmode=disable` })).toBe(
      'PostgreSQL db.example:5433/keyplane',
    )
  })

  it('has nothing of an address that is none', () => {
    for (const databaseUrl of [
      `postgresql:${password}@127.0.0.1:55432/ka`,
      `postgres:/app:${password}@127.0.0.1/ka`,
      `postgresql:///app:${password}@127.0.0.1/ka`,
      `postgresql://app:1/${password}@127.0.0.1/ka`,
      `postgresql://app:${password}@db:port/x`,
      password,
    ])
      expect(databaseName({ databaseUrl })).toBe('PostgreSQL')
  })
})
