import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import { redisUserRotator, type RedisUserOptions } from '@keyplane/rotation'
import type { RotatorFixture } from '@keyplane/rotation/testing'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { freePort, untilAnswered } from '../refused-secrets/start-postgres.ts'
import { requiredTool } from '../required-tool.ts'
import { redisAccepts, redisValue } from './redis-login.ts'

const admin = { username: 'default', password: 'superuser-password' }

export interface RedisTarget extends RotatorFixture {
  /** Every command so far, as a monitor shows it. */
  readonly monitored: () => Promise<string>
  readonly aclFile: string
  /** Lets the user in with any password. */
  readonly open: () => Promise<void>
}

/** A Redis of our own with a user whose password can be rotated. */
export const startRedisTarget = async (more: Partial<RedisUserOptions> = {}): Promise<RedisTarget> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-rotated-redis-'))
  const aclFile = join(folder, 'users.acl')
  const hash = (text: string): string => `>${text}`
  writeFileSync(
    aclFile,
    `user default on ${hash(admin.password)} ~* &* +@all\nuser app on ${hash('first-password')} ~app:* +get\n`,
  )
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--aclfile', aclFile]
  const server = spawn(requiredTool('redis-server'), settings, { cwd: folder, stdio: 'ignore' })
  const exited = new Promise((resolve) => server.once('exit', resolve))
  const superuser = new Redis({ host: '127.0.0.1', port, ...admin, retryStrategy: () => 50 })
  superuser.on('error', () => undefined)
  await untilAnswered(() => superuser.ping())
  const monitor = await superuser.monitor()
  const seen: string[] = []
  monitor.on('monitor', (_: unknown, words: readonly string[]) => seen.push(words.join(' ')))
  return {
    aclFile,
    open: async () => {
      await superuser.call('ACL', 'SETUSER', 'app', 'nopass')
    },
    monitored: async () => {
      await superuser.call('ECHO', 'last')
      await expect.poll(() => seen.at(-1)).toContain('last')
      return seen.join('\n')
    },
    rotator: redisUserRotator({
      random: systemRandom,
      timeoutMs: 1_000,
      admin: async () => redisValue({ ...admin, port }),
      ...more,
    }),
    first: redisValue({ username: 'app', password: 'first-password', port }),
    clock: systemClock,
    random: systemRandom,
    accepts: redisAccepts,
    holdsTwo: true,
    lower: () => void server.kill('SIGSTOP'),
    raise: () => void server.kill('SIGCONT'),
    meddle: async () => {
      await superuser.call('ACL', 'SETUSER', 'app', 'resetpass', '>somebody-elses')
    },
    stop: async () => {
      monitor.disconnect()
      superuser.disconnect()
      server.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
