import { dirname, resolve } from 'node:path'
import type { CacheKeyConfig, RedisConfig, ServiceConfig } from './service-config.ts'
import type { WrittenCacheKey, WrittenRedis, WrittenService } from './written.ts'
import type { YamlFile } from './yaml-file.ts'
import { redisUrlProblem } from './redis-url.ts'

/** The Redis and the key that are meant, after what is wrong with them was told. */
export const sharedCacheOf = (
  { redis, cacheKey }: WrittenService,
  file: YamlFile,
): Pick<ServiceConfig, 'redis' | 'cacheKey'> => {
  const placed = (path: string): string => resolve(dirname(file.name), path)
  const problem = redis && redisUrlProblem(redis.url)
  if (problem) file.complain(['redis', 'url'], problem)
  if (cacheKey && (cacheKey.file === undefined) === (cacheKey.transit === undefined))
    file.complain(['cacheKey'], 'needs file or transit, and not both')
  return {
    ...(redis && { redis: redisOf(redis, placed) }),
    ...(cacheKey && { cacheKey: cacheKeyOf(cacheKey, placed) }),
  }
}

type Placed = (path: string) => string

const redisOf = ({ url, username, passwordFile, ca, prefix }: WrittenRedis, placed: Placed): RedisConfig => ({
  url,
  ...(username !== undefined && { username }),
  ...(passwordFile !== undefined && { passwordFile: placed(passwordFile) }),
  ...(ca !== undefined && { ca: placed(ca) }),
  ...(prefix !== undefined && { prefix }),
})

const cacheKeyOf = ({ file = '', transit }: WrittenCacheKey, placed: Placed): CacheKeyConfig => {
  if (!transit) return { kind: 'file', file: placed(file) }
  const { key, mount, variables = {} } = transit
  return { kind: 'transit', key, variables, ...(mount !== undefined && { mount }) }
}
