import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { requiredTool } from '../required-tool.ts'
import { freePort, untilAnswered } from './start-postgres.ts'

export interface RealRedis {
  readonly port: number
  /** As the superuser. */
  call(...command: readonly [string, ...string[]]): Promise<void>
  stop(): Promise<void>
}

const password = 'superuser-password'

/** A Redis of our own on a free port, which keeps nothing. */
export const startRedis = async (): Promise<RealRedis> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-redis-'))
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', password]
  const server = spawn(requiredTool('redis-server'), settings, { cwd: folder, stdio: 'ignore' })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const admin = new Redis({ host: '127.0.0.1', port, password, retryStrategy: () => 100 })
  admin.on('error', () => {})
  await untilAnswered(() => admin.ping())
  return {
    port,
    call: async (name, ...args) => {
      await admin.call(name, ...args)
    },
    stop: async () => {
      admin.disconnect()
      server.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
