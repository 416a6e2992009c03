import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { SecretsError } from '@keyplane/core'
import { hasTable } from '../has-table.ts'
import { postgresReader } from './reader.ts'
import { postgresServer } from './server.ts'
import { openPostgresWriter } from './writer.ts'

const password = 'correct-horse-battery'

/** All that a person or a log would see of what was thrown. */
const shown = async (act: () => unknown): Promise<string> => {
  try {
    await act()
    return 'nothing was thrown'
  } catch (error) {
    return inspect(error, { depth: 10, showHidden: true })
  }
}

describe('a database URL', () => {
  it('is called by its host and database, never by its user or password', () => {
    expect(postgresServer(`postgresql://app:${password}@db.example:5433/keyplane?sslmode=require`).label).toBe(
      'db.example:5433/keyplane',
    )
  })

  it('keeps the settings that it brings along, and adds those of the connection', () => {
    const { config } = postgresServer('postgresql://a@b/c?options=-c%20search_path%3Dkeyplane')
    expect(config({ lock_timeout: '1' }).options).toBe('-c search_path=keyplane -c lock_timeout=1')
  })

  it('is refused without being quoted', async () => {
    for (const url of [
      `mysql://app:${password}@db/x`,
      `postgresql://app:${password}@db`,
      `postgresql://app:${password}@db:port/x`,
      `postgresql:${password}@127.0.0.1:55432/ka`,
      `postgres:/app:${password}@127.0.0.1/ka`,
      `postgresql:///app:${password}@127.0.0.1/ka`,
      `postgresql://app:1/${password}@127.0.0.1/ka`,
      `postgresql://app:1/${password}?2@127.0.0.1/ka`,
      `postgresql://app:1/${password}#2@127.0.0.1/ka`,
      `postgresql://app:${password}%zz@127.0.0.1/ka`,
      `postgresql://127.0.0.1/ka?sslmode=${password}`,
      `postgresql:///${password}`,
      password,
      '',
    ]) {
      const text = await shown(() => postgresServer(url))
      expect([text.includes(password), text.includes('config_invalid')], text).toEqual([false, true])
    }
  })

  it('has its modes of TLS named by what they mean, so that nobody is warned of another meaning', async () => {
    const warnings: unknown[] = []
    const note = (warning: unknown): void => void warnings.push(warning)
    process.on('warning', note)
    for (const [given, sslmode] of [
      ['sslmode=require', 'verify-full'],
      ['sslmode=prefer', 'verify-full'],
      ['sslmode=verify-ca', 'verify-full'],
      ['sslmode=disable', 'disable'],
      ['sslmode=no-verify', 'no-verify'],
      ['sslmode=require&uselibpqcompat=true', 'require'],
    ] as const) {
      const { connectionString = '' } = postgresServer(`postgresql://a@b/c?${given}`).config()
      expect(new URL(connectionString).searchParams.get('sslmode')).toBe(sslmode)
      expect(new Client({ connectionString }).port).toBe(5432)
    }
    expect(() => postgresServer('postgresql://a@b/c?sslmode=verify-ca&uselibpqcompat=true')).toThrow('an sslrootcert')
    // A warning is told in the next turn.
    await new Promise(setImmediate)
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  it('is refused with the name of a file of TLS that is not there, or is something else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-files-'))
    const file = join(folder, 'file.pem')
    writeFileSync(file, 'secret-key-material')
    const config = (option: string, path: string) => () =>
      postgresServer(`postgresql://app:${password}@b/c?sslmode=require&${option}=${path}`).config()
    for (const option of ['sslrootcert', 'sslcert', 'sslkey']) {
      expect(config(option, '/nowhere/ca.pem')).toThrow(
        new SecretsError('config_invalid', `The database URL's ${option} names "/nowhere/ca.pem", which is not there.`),
      )
      expect(config(option, folder)).toThrow(`${option} names "${folder}", which can't be read (EISDIR).`)
      expect(config(option, file)).toThrow(new RegExp(`${option} names .* in PEM, or not one of its pair.$`))
    }
    rmSync(folder, { recursive: true })
  })

  it('that asks for TLS is told of a server without it', async () => {
    const listener = createServer(
      (socket) => void socket.on('data', () => socket.write('N')).on('error', () => undefined),
    )
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    const { port } = listener.address() as AddressInfo
    for (const mode of ['require', 'verify-full'])
      expect(
        await shown(() =>
          openPostgresWriter(postgresServer(`postgresql://app:${password}@127.0.0.1:${port}/k?sslmode=${mode}`)),
        ),
      ).toMatch(/does not speak TLS[^]*source_misconfigured/)
    listener.close()
  })

  it('shows no password when nobody listens there', async () => {
    // Port 9 of the loopback interface: discard, which no machine offers.
    const server = postgresServer(`postgresql://app:${password}@127.0.0.1:9/keyplane`)
    const reader = postgresReader<{ items: { id: string } }>(server)
    const query = reader.query.selectFrom('items').selectAll().compile()
    for (const text of [
      await shown(() => reader.all(query)),
      await shown(() => openPostgresWriter(server)),
      await shown(() => hasTable(reader.query, 'items')),
      await shown(() => reader.query.selectFrom('items').selectAll().execute()),
    ]) {
      expect(text).toContain('The database 127.0.0.1:9/keyplane takes no connection.')
      expect(text).not.toContain(password)
      expect(text).toContain("code: 'unavailable'")
      expect(text).toContain("reason: 'refused'")
    }
    await reader.close()
  })
})
