import { systemClock, systemRandom } from '@keyplane/core'
import { redisUserRotator, type RedisUserOptions } from '@keyplane/rotation'
import type { RotatorFixture } from '@keyplane/rotation/testing'
import { expect } from 'vitest'
import { ScratchRedis, type UsersIn } from '../redis/scratch-redis.ts'
import { redisAccepts } from './redis-login.ts'
import { engines, makeUser, superuserOf } from './rotated-user.ts'

export interface RedisTarget extends RotatorFixture {
  readonly server: ScratchRedis
  /** Every command so far, as a monitor shows it. */
  readonly monitored: () => Promise<string>
  /** Lets the user in with any password. */
  readonly open: () => Promise<void>
}

export interface RedisTargetOptions extends Partial<RedisUserOptions> {
  /** Default `acl-file`. */
  readonly usersIn?: UsersIn
}

/** A Redis of our own with a user whose password can be rotated. */
export const startRedisTarget = async ({ usersIn, ...more }: RedisTargetOptions = {}): Promise<RedisTarget> => {
  const server = await ScratchRedis.start(usersIn)
  const monitor = await server.superuser.monitor()
  const seen: string[] = []
  monitor.on('monitor', (_: unknown, words: readonly string[]) => seen.push(words.join(' ')))
  return {
    server,
    open: async () => void (await server.query('acl setuser app nopass')),
    monitored: async () => {
      await server.query('echo last')
      await expect.poll(() => seen.at(-1)).toContain('last')
      return seen.join('\n')
    },
    rotator: redisUserRotator({
      random: systemRandom,
      timeoutMs: 1_000,
      admin: async () => superuserOf(server),
      ...more,
    }),
    first: await makeUser(server, 'app'),
    clock: systemClock,
    random: systemRandom,
    accepts: redisAccepts,
    holdsTwo: true,
    lower: () => server.pause(),
    raise: () => server.resume(),
    meddle: async () => void (await server.query(engines.redis.changing('app', 'somebody-elses'))),
    stop: async () => {
      monitor.disconnect()
      await server.stop()
    },
  }
}
