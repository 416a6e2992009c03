import type { WarmedSecret } from '@keyplane/service'

/** More would be a wall that nobody reads; what is wrong is named always. */
const maxNamed = 30

/** Where an environment's secrets came from at the start, in a line: `development · payments.apiKey ← aws · shop.key missing`. */
export const warmedLine = (environment: string, secrets: readonly WarmedSecret[]): string => {
  const isGiven = ({ result }: WarmedSecret): boolean => result === 'source' || result === 'cached'
  const named = secrets.filter((secret, index) => index < maxNamed || !isGiven(secret))
  const more = secrets.length - named.length
  return [environment, ...named.map(told), ...(more > 0 ? [`and ${more} more`] : [])].join(' · ')
}

const told = ({ name, result, from, code }: WarmedSecret): string => {
  if (result === 'missing') return `${name} missing`
  if (result === 'refused' || result === 'failed') return `${name} ${result} (${code ?? 'unknown'})`
  const how = result === 'fallback' || result === 'stale' ? ` (${result})` : ''
  return `${name} ← ${from ?? 'unknown'}${how}`
}
