import { readdirSync, readFileSync } from 'node:fs'
import { RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { Redis } from 'ioredis'
import { freePort, untilTrue } from '../openbao/bao-server.ts'
import { requiredTool } from '../required-tool.ts'

/** Redis as a process of its own on a free port, with everything that it writes to a disk in a folder that goes with it. */
export class RedisServer {
  readonly folder: ScratchFolder = new ScratchFolder()
  port = 0
  process: RunningProcess | undefined
  /** The test's own connection. */
  redis: Redis | undefined
  readonly #monitors: Redis[] = []

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** @param settings beside those of its place. */
  async start(settings: readonly string[] = []): Promise<this> {
    this.port ||= await freePort()
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder.path]
    const kept = ['--save', '1 1', '--appendonly', 'yes', '--appendfsync', 'always']
    this.process = new RunningProcess(requiredTool('redis-server'), [...place, ...kept, ...settings], {
      cwd: this.folder.path,
      env: { PATH: '/usr/bin:/bin' },
    })
    this.redis ??= new Redis(this.port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
    this.redis.on('error', () => {})
    await untilTrue('Redis answers', async () => (await this.redis?.ping()) === 'PONG')
    return this
  }

  get own(): Redis {
    if (!this.redis) throw new Error('Redis was not started.')
    return this.redis
  }

  /** All that it has written to a disk. */
  written(): string {
    const files = readdirSync(this.folder.path, { recursive: true, withFileTypes: true })
    try {
      return files
        .filter((file) => file.isFile())
        .map((file) => readFileSync(`${file.parentPath}/${file.name}`, 'latin1'))
        .join('\n')
    } catch (thrown) {
      // A file that it has just written takes its place under another name.
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return this.written()
      throw thrown
    }
  }

  /** Tells each command that it takes from here on, at its moment. */
  async monitored(tell: (atMs: number, command: readonly string[]) => void): Promise<void> {
    const own = this.own.duplicate()
    own.on('error', () => {})
    const monitor = await own.monitor()
    monitor.on('error', () => {})
    monitor.on('monitor', (time: string, command: string[]) => tell(Number(time) * 1_000, command))
    this.#monitors.push(own, monitor)
  }

  pause(): void {
    this.process?.child.kill('SIGSTOP')
  }

  resume(): void {
    this.process?.child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const running = this.process
    this.process = undefined
    running?.child.kill('SIGCONT')
    await running?.stop('SIGKILL')
  }

  async remove(): Promise<void> {
    for (const monitor of this.#monitors) monitor.disconnect()
    this.redis?.disconnect()
    await this.kill()
    this.folder.remove()
  }
}
