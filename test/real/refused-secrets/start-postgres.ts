import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'

export interface RealPostgres {
  readonly port: number
  /** As the superuser. */
  query(sql: string): Promise<void>
  stop(): Promise<void>
}

const superuser = { user: 'postgres', password: 'superuser-password' }

/** Where Debian keeps the server's programs, the newest version first. */
const programs = (): string => {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
  if (versions[0] === undefined) throw new Error('PostgreSQL is missing: run test/real/setup.sh, which installs it.')
  return join('/usr/lib/postgresql', versions[0], 'bin')
}

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** PostgreSQL does not run as root: then as the user that its package made. */
const owner = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A PostgreSQL of our own on a free port, with passwords by SCRAM, and nothing kept. */
export const startPostgres = async (): Promise<RealPostgres> => {
  const bin = programs()
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-postgres-'))
  const as = owner()
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, superuser.password)
  chmodSync(folder, 0o755)
  for (const path of [data, passwordFile]) if (as.uid !== undefined) chownSync(path, as.uid, as.gid ?? as.uid)
  const initialise = ['--no-sync', '-D', data, '-A', 'scram-sha-256', '-U', superuser.user, `--pwfile=${passwordFile}`]
  execFileSync(join(bin, 'initdb'), initialise, { ...as, cwd: data, stdio: 'pipe' })
  const port = await freePort()
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${data}`, 'max_connections=300']
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])],
    {
      ...as,
      cwd: data,
      stdio: 'ignore',
    },
  )
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const query = async (sql: string): Promise<void> => {
    const client = new Client({ host: '127.0.0.1', port, database: 'postgres', ...superuser })
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
  await untilAnswered(() => query('SELECT 1'))
  return {
    port,
    query,
    stop: async () => {
      server.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Tries for up to ten seconds. */
export const untilAnswered = async (ask: () => Promise<unknown>): Promise<void> => {
  for (let attempt = 0; ; attempt += 1)
    try {
      await ask()
      return
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
}
