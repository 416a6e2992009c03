import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort, untilAnswered } from '../refused-secrets/start-postgres.ts'

const superuser = { user: 'postgres', password: 'superuser-pass/word' }

/** Where Debian keeps the server's programs, the newest version first. */
const programs = (): string => {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
  if (versions[0] === undefined) throw new Error('PostgreSQL is missing: run test/real/setup.sh, which installs it.')
  return join('/usr/lib/postgresql', versions[0], 'bin')
}

/** PostgreSQL does not run as root: then as the user that its package made. */
export const postgresOwner = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

export interface ScratchOptions {
  /** The folder that its own is made in. Default: memory where there is some, since nothing here survives a power cut anyway. */
  readonly parent?: string
  /** Settings of the server, beside those of a test. */
  readonly settings?: readonly string[]
  /** Whether each page has a checksum. Default: no, as before PostgreSQL 18. */
  readonly checksums?: boolean
}

/** A PostgreSQL of our own on a free port, with passwords by SCRAM and fsync on, that can be paused, killed and restarted. */
export class ScratchServer {
  readonly engine = 'postgres'
  readonly folder: string
  readonly port: number
  readonly #settings: readonly string[]
  #server: ChildProcess | undefined

  constructor(folder: string, port: number, settings: readonly string[]) {
    this.folder = folder
    this.port = port
    this.#settings = settings
  }

  static async start({ parent, settings = [], checksums = false }: ScratchOptions = {}): Promise<ScratchServer> {
    const above = parent ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
    const folder = mkdtempSync(join(above, 'keyplane-postgres-'))
    const server = new ScratchServer(folder, await freePort(), settings)
    server.#initialise(checksums ? ['--data-checksums'] : [])
    await server.launch()
    return server
  }

  get isRunning(): boolean {
    return this.#server?.exitCode === null && this.#server.signalCode === null
  }

  get data(): string {
    return join(this.folder, 'data')
  }

  /** The address of one of its databases, as the superuser. */
  url(database = 'postgres'): string {
    return `postgresql://${superuser.user}:${encodeURIComponent(superuser.password)}@127.0.0.1:${this.port}/${database}`
  }

  /** As the superuser. */
  async query(sql: string, database = 'postgres'): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url(database), query_timeout: 20_000 })
    client.on('error', () => undefined)
    await client.connect()
    return client.query<Record<string, unknown>>(sql).then(
      ({ rows }) => client.end().then(() => rows),
      async (error: unknown) => {
        await client.end()
        throw error
      },
    )
  }

  /** A new, empty database. */
  async createDatabase(name: string): Promise<string> {
    await this.query(`create database "${name}"`)
    return this.url(name)
  }

  async launch(): Promise<void> {
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.data}`,
      'max_connections=200',
      'shared_buffers=32MB',
      ...this.#settings,
    ]
    const args = ['-D', this.data, '-p', String(this.port), ...settings.flatMap((one) => ['-c', one])]
    this.#server = spawn(join(programs(), 'postgres'), args, { ...postgresOwner(), cwd: this.data, stdio: 'ignore' })
    await untilAnswered(() => this.query('select 1'))
  }

  /** Every process of the server: it is killed with them, as by a power cut. */
  async kill(): Promise<void> {
    const server = this.#server
    if (!server?.pid) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    const children = childrenOf(server.pid)
    server.kill('SIGKILL')
    for (const pid of children) signal(pid, 'SIGKILL')
    await ended
    this.#server = undefined
  }

  /** Stops every process of the server where it is: connections stay open, and nobody answers. */
  pause(): void {
    for (const pid of this.#processes()) signal(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of this.#processes()) signal(pid, 'SIGCONT')
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server && this.isRunning) {
      this.resume()
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await ended
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  #processes(): readonly number[] {
    const pid = this.#server?.pid
    return pid === undefined ? [] : [pid, ...childrenOf(pid)]
  }

  #initialise(flags: readonly string[]): void {
    const as = postgresOwner()
    const passwordFile = join(this.folder, 'password')
    mkdirSync(this.data, { mode: 0o700 })
    writeFileSync(passwordFile, superuser.password)
    chmodSync(this.folder, 0o755)
    for (const path of [this.data, passwordFile]) if (as.uid !== undefined) chownSync(path, as.uid, as.gid ?? as.uid)
    const locale = ['--locale=C.UTF-8', '--encoding=UTF8']
    const login = ['-A', 'scram-sha-256', '-U', superuser.user, `--pwfile=${passwordFile}`]
    execFileSync(join(programs(), 'initdb'), ['--no-sync', '-D', this.data, ...locale, ...login, ...flags], {
      ...as,
      cwd: this.data,
      stdio: 'pipe',
    })
  }
}

/** The processes that a process has started. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself.
  }
}
