import { SecretsError } from '@keyplane/core'
import { openProvider } from '@keyplane/providers'
import { Leg } from './chain/leg.ts'
import { isProviderName, processEnvironment, type SecretsSettings, stderrLog } from './config.ts'
import { legOptionsOf } from './leg-options-of.ts'
import type { SecretsManagerOptions } from './manager-options.ts'

/**
 * The sources of a manager in their order: the chosen one first, the environment last.
 * @throws SecretsError `config_invalid` for a provider that there is not, or a duration that is none.
 */
export const legsOf = (options: SecretsManagerOptions, settings: SecretsSettings): Leg[] => {
  const legOptions = legOptionsOf(options, settings.cacheTtlMs)
  const { providers = [], environment = true, env = processEnvironment } = options
  const named = (name: string): Leg => {
    const own = providers.find((provider) => provider.name === name)
    if (own) return new Leg(name, own, legOptions)
    if (!isProviderName(name))
      throw new SecretsError('config_invalid', `provider: there is no provider ${JSON.stringify(name)}.`)
    const awsRegion = options.awsRegion ?? settings.awsRegion
    const onProblem = (problem: string): void => (options.log ?? stderrLog).warn(problem, { source: name })
    const known = { env, clock: legOptions.clock, onProblem, ...(awsRegion !== undefined && { awsRegion }) }
    return new Leg(name, () => openProvider(name, known), legOptions)
  }
  const chosen = options.provider ?? (providers.length > 0 ? undefined : settings.provider)
  const first = chosen === undefined ? [] : [named(chosen)]
  const rest = providers
    .filter(({ name }) => name !== chosen)
    .map((provider) => new Leg(provider.name, provider, legOptions))
  const before = [...first, ...rest]
  const hasEnvironment = before.some(({ name }) => name === 'env')
  return environment && !hasEnvironment ? [...before, named('env')] : before
}
