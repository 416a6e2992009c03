import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { redisUrlProblem } from '../config/redis-url.ts'
import type { CacheKeyConfig, ServiceConfig } from '../config/service-config.ts'
import type { RedisEntriesOptions } from './redis-entries.ts'

export interface CacheSettings {
  readonly redis: Omit<RedisEntriesOptions, 'nowMs' | 'onProblem'>
  readonly cacheKey: CacheKeyConfig
}

type Environment = Readonly<Record<string, string | undefined>>

const urlVariable = 'KEYPLANE_SERVICE_REDIS_URL'
const keyVariable = 'KEYPLANE_SERVICE_CACHE_KEY_FILE'

/** Which Redis, and by which key; a variable of the environment counts before the file. @throws SecretsError `config_invalid`, every problem at once. */
export const cacheSettings = (config: ServiceConfig, env: Environment): CacheSettings => {
  const names = [...config.environments.values()].flatMap(({ name, cache }) => (cache === 'redis' ? [name] : []))
  const of = `The cache of ${names.join(', ')} is redis (in production by default), and`
  const problems: string[] = []
  const url = env[urlVariable] || config.redis?.url
  const problem = env[urlVariable] && redisUrlProblem(env[urlVariable])
  if (problem) problems.push(`${urlVariable} ${problem}.`)
  if (url === undefined)
    problems.push(
      `${of} nothing says which Redis: give redis.url, or ${urlVariable}; or cache: local, where one process is enough.`,
    )
  const cacheKey: CacheKeyConfig | undefined = env[keyVariable]
    ? { kind: 'file', file: env[keyVariable] }
    : config.cacheKey
  if (!cacheKey)
    problems.push(
      `${of} what is kept there is always encrypted: give cacheKey.transit, a key of OpenBao's transit engine, or cacheKey.file (or ${keyVariable}), ` +
        'a file of 32 random bytes that all replicas have: head -c 32 /dev/urandom > cache.key && chmod 600 cache.key',
    )
  if (url === undefined || !cacheKey || problems.length > 0)
    throw new SecretsError('config_invalid', problems.join('\n'))
  const { username, passwordFile, ca, prefix = 'keyplane:' } = config.redis ?? {}
  const password = passwordFile === undefined ? undefined : () => textOf('redis.passwordFile', passwordFile).trimEnd()
  password?.()
  return {
    redis: {
      url,
      prefix,
      username,
      password,
      ca: ca === undefined ? undefined : textOf('redis.ca', ca),
    },
    cacheKey,
  }
}

const textOf = (option: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `${option}: the file ${path} can't be read (${code}).`, { cause })
  }
}
