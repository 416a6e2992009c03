import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, untilAnswered } from '../refused-secrets/start-postgres.ts'
import { requiredTool } from '../required-tool.ts'

const superuser = { username: 'default', password: 'superuser-password' }

/** Where a server keeps its users. */
export type UsersIn = 'acl-file' | 'config' | 'memory'

/** A Redis of our own on a free port, whose users have passwords, and which can be paused. */
export class ScratchRedis {
  readonly engine = 'redis'
  readonly folder: string
  readonly port: number
  /** A connection of the superuser's. */
  readonly superuser: Redis
  readonly #server: ChildProcess

  private constructor(folder: string, port: number, server: ChildProcess) {
    this.folder = folder
    this.port = port
    this.superuser = new Redis({ host: '127.0.0.1', port, ...superuser, retryStrategy: () => 50 })
    this.superuser.on('error', () => undefined)
    this.#server = server
  }

  static async start(usersIn: UsersIn = 'acl-file'): Promise<ScratchRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-redis-'))
    const users = join(folder, 'users')
    const own = `user default on >${superuser.password} ~* &* +@all`
    writeFileSync(users, `${own}\n`)
    const port = await freePort()
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '']
    const kept = { 'acl-file': [...settings, '--aclfile', users], config: [users, ...settings], memory: settings }
    const server = spawn(requiredTool('redis-server'), kept[usersIn], { cwd: folder, stdio: 'ignore' })
    const started = new ScratchRedis(folder, port, server)
    await untilAnswered(() => started.superuser.ping())
    if (usersIn === 'memory') await started.query(`acl setuser ${own.slice('user '.length)}`)
    return started
  }

  /** Its ACL file, or its configuration file with the users in it. */
  get usersFile(): string {
    return join(this.folder, 'users')
  }

  /** Its address, as the superuser. */
  url(): string {
    return `redis://${superuser.username}:${encodeURIComponent(superuser.password)}@127.0.0.1:${this.port}`
  }

  /** One command of the superuser's. */
  async query(command: string): Promise<unknown> {
    const [name = '', ...parameters] = command.split(' ')
    return this.superuser.call(name, ...parameters)
  }

  /** Stops the process where it is: connections stay open, and nobody answers. */
  pause(): void {
    this.#server.kill('SIGSTOP')
  }

  resume(): void {
    this.#server.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    this.superuser.disconnect()
    const ended = new Promise((resolve) => this.#server.once('exit', resolve))
    this.#server.kill('SIGKILL')
    await ended
    rmSync(this.folder, { recursive: true, force: true })
  }
}
