import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { postgresOwner } from '../postgres/scratch-server.ts'
import { freePort, untilAnswered } from '../refused-secrets/start-postgres.ts'
import { requiredTool } from '../required-tool.ts'

const superuser = { user: 'admin', password: 'superuser-pass/word' }

/** A MariaDB of our own on a free port, which writes each statement to a log, and can be paused. */
export class ScratchMariaDb {
  readonly engine = 'mariadb'
  readonly folder: string
  readonly port: number
  readonly #server: ChildProcess

  private constructor(folder: string, port: number, server: ChildProcess) {
    this.folder = folder
    this.port = port
    this.#server = server
  }

  /** @param settings options of the server, without their `--`. */
  static async start(settings: readonly string[] = []): Promise<ScratchMariaDb> {
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyplane-mariadb-'))
    // It does not run as root either; any user without rights will do.
    const as = postgresOwner()
    if (as.uid !== undefined) chownSync(folder, as.uid, as.gid ?? as.uid)
    const where = { ...as, cwd: folder, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TMPDIR: folder } }
    const data = join(folder, 'data')
    const options = ['--no-defaults', `--datadir=${data}`]
    const plain = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve']
    execFileSync(requiredTool('mariadb-install-db'), [...options, ...plain], { ...where, stdio: 'pipe' })
    const first = join(folder, 'first.sql')
    const { user, password } = superuser
    writeFileSync(first, `grant all on *.* to '${user}'@'%' identified by '${password}' with grant option;\n`)
    const port = await freePort()
    const own = ['bind-address=127.0.0.1', `port=${port}`, `socket=${join(folder, 'socket')}`, `init-file=${first}`]
    const log = ['general-log=1', `general-log-file=${join(folder, 'statements.log')}`]
    const all = [...own, ...log, 'skip-name-resolve', 'max-connections=200', 'innodb-buffer-pool-size=32M', ...settings]
    const server = spawn(requiredTool('mariadbd'), [...options, ...all.map((one) => `--${one}`)], {
      ...where,
      stdio: 'ignore',
    })
    const started = new ScratchMariaDb(folder, port, server)
    await untilAnswered(() => started.query('select 1'))
    return started
  }

  get log(): string {
    return join(this.folder, 'statements.log')
  }

  /** Its address, as the superuser. */
  url(database = 'mysql'): string {
    return `mysql://${superuser.user}:${encodeURIComponent(superuser.password)}@127.0.0.1:${this.port}/${database}`
  }

  /** As the superuser. */
  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = await createConnection({ host: '127.0.0.1', port: this.port, ...superuser })
    try {
      const [rows] = await client.query(sql)
      return rows as unknown as readonly Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }

  /** Stops the process where it is: connections stay open, and nobody answers. */
  pause(): void {
    this.#server.kill('SIGSTOP')
  }

  resume(): void {
    this.#server.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.once('exit', resolve))
    this.#server.kill('SIGKILL')
    await ended
    rmSync(this.folder, { recursive: true, force: true })
  }
}
