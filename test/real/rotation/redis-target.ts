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

/** The login of its superuser. */
export const redisAdmin = { username: 'default', password: 'superuser-password' }

export interface RedisTarget extends RotatorFixture {
  /** Every command so far, as a monitor shows it. */
  readonly monitored: () => Promise<string>
  /** Where the server keeps its users, if it does. */
  readonly usersFile: string
  readonly port: number
  /** Lets the user in with any password. */
  readonly open: () => Promise<void>
}

export interface RedisTargetOptions extends Partial<RedisUserOptions> {
  /** Default `acl-file`. */
  readonly usersIn?: 'acl-file' | 'config' | 'memory'
}

/** A Redis of our own with a user whose password can be rotated. */
export const startRedisTarget = async ({
  usersIn = 'acl-file',
  ...more
}: RedisTargetOptions = {}): Promise<RedisTarget> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-rotated-redis-'))
  const usersFile = join(folder, 'users')
  const users = [`default on >${redisAdmin.password} ~* &* +@all`, 'app on >first-password ~app:* +get']
  writeFileSync(usersFile, users.map((user) => `user ${user}\n`).join(''))
  const port = await freePort()
  const files = { 'acl-file': ['--aclfile', usersFile], config: [], memory: [] }[usersIn]
  const settings = [
    ...(usersIn === 'config' ? [usersFile] : []),
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    ...files,
  ]
  const server = spawn(requiredTool('redis-server'), settings, { cwd: folder, stdio: 'ignore' })
  const exited = new Promise((resolve) => server.once('exit', resolve))
  const superuser = new Redis({ host: '127.0.0.1', port, ...redisAdmin, retryStrategy: () => 50 })
  superuser.on('error', () => undefined)
  await untilAnswered(() => superuser.ping())
  if (usersIn === 'memory') for (const user of users) await superuser.call('ACL', 'SETUSER', ...user.split(' '))
  const monitor = await superuser.monitor()
  const seen: string[] = []
  monitor.on('monitor', (_: unknown, words: readonly string[]) => seen.push(words.join(' ')))
  return {
    usersFile,
    port,
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
      admin: async () => redisValue({ ...redisAdmin, port }),
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
