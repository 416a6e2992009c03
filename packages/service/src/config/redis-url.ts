import { isLoopback } from '@keyplane/http'

/** What is wrong with the URL of a Redis, to stand behind its name; nothing where it is right. Nothing of it is repeated. */
export const redisUrlProblem = (text: string): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    return 'must be redis://host:port or rediss://host:port'
  if (url.username !== '' || url.password !== '')
    return 'has a login in it: give redis.username and redis.passwordFile instead'
  if (url.protocol === 'redis:' && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1')))
    return 'is not this machine and without TLS: give rediss://'
  if (!/^\/?\d{0,5}$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    return 'may have the number of a database behind it, and nothing else'
  return undefined
}
