import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SecretValue, systemClock, systemRandom, TextValue } from '@keyplane/core'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { redisUserRotator, type RedisUserOptions, type RotatorCall } from '@keyplane/rotation'
import { describeRotator, type RotatorFixture } from '@keyplane/rotation/testing'
import { requiredTool } from '../required-tool.ts'
import { freePort, untilAnswered } from '../refused-secrets/start-postgres.ts'

interface Login {
  readonly username: string
  readonly password: string
  readonly port: number
}
const loginOf = (value: SecretValue): Login => JSON.parse(String(value.reveal())) as Login
const value = (login: Login): SecretValue => new TextValue(JSON.stringify({ host: '127.0.0.1', ...login }))

/** Whether the server takes a login, asked over a connection of its own. */
const accepts = async (secret: SecretValue): Promise<boolean> => {
  const { port, username, password } = loginOf(secret)
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.call('AUTH', username, password)
    return true
  } catch (error) {
    if (String(error).includes('WRONGPASS')) return false
    throw error
  } finally {
    client.disconnect()
  }
}

const admin = { username: 'default', password: 'superuser-password' }

const start = async (
  more: Partial<RedisUserOptions> = {},
): Promise<RotatorFixture & { readonly monitored: () => Promise<string>; readonly aclFile: string }> => {
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
    monitored: async () => {
      await superuser.call('ECHO', 'last')
      await expect.poll(() => seen.at(-1)).toContain('last')
      return seen.join('\n')
    },
    rotator: redisUserRotator({
      random: systemRandom,
      timeoutMs: 1_000,
      admin: async () => value({ ...admin, port }),
      ...more,
    }),
    first: value({ username: 'app', password: 'first-password', port }),
    clock: systemClock,
    random: systemRandom,
    accepts,
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

describeRotator('a user of Redis', () => start(), { describe, it })

const call: RotatorCall = {
  secretId: 'prod/cache',
  rotationId: 'r',
  pendingVersion: 'v2',
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
}

describe('a user of Redis', () => {
  it('has both passwords until the old one is retired, and keeps them beyond a restart', async () => {
    const { rotator, first, aclFile, stop } = await start()
    const pending = await rotator.create(call, first)
    await rotator.set(call, { current: first, pending })
    expect([await accepts(first), await accepts(pending)]).toEqual([true, true])
    expect(
      readFileSync(aclFile, 'utf8')
        .match(/user app .*/)?.[0]
        .match(/#[0-9a-f]{64}/g),
    ).toHaveLength(2)
    await rotator.retire(call, { current: first, pending })
    expect([await accepts(first), await accepts(pending)]).toEqual([false, true])
    expect(
      readFileSync(aclFile, 'utf8')
        .match(/user app .*/)?.[0]
        .match(/#[0-9a-f]{64}/g),
    ).toHaveLength(1)
    await stop?.()
  })

  it('has his new password in no command that a monitor sees', async () => {
    const { rotator, first, monitored, stop } = await start()
    const pending = await rotator.create(call, first)
    await rotator.set(call, { current: first, pending })
    await rotator.test(call, pending)
    const seen = await monitored()
    expect(seen).not.toContain(loginOf(pending).password)
    await stop?.()
  })

  it('is not made where there is none', async () => {
    const { rotator, first, stop } = await start()
    const nobody = value({ ...loginOf(first), username: 'nobody' })
    const pending = await rotator.create(call, nobody)
    await expect(rotator.set(call, { current: nobody, pending })).rejects.toMatchObject({ reason: 'missing_user' })
    await stop?.()
  })

  it('is a mistake of the configuration where the server keeps no users', async () => {
    const { rotator, first, stop } = await start({ keep: 'config' })
    const pending = await rotator.create(call, first)
    await expect(rotator.set(call, { current: first, pending })).rejects.toMatchObject({ code: 'source_misconfigured' })
    await stop?.()
  })
})
