import { SecretsError } from '@keyplane/core'
import { openProvider, providerNames } from '@keyplane/providers/registry'
import { Leg } from './chain/leg.ts'
import type { LegOptions } from './chain/open-leg.ts'
import { isProviderName, processEnvironment, type SecretsSettings, stderrLog } from './config.ts'
import type { SecretsManagerOptions } from './manager-options.ts'

/** A manager's sources: those of its chain, and those that references name beside it. */
export class Legs {
  /** The chosen one first, the environment last. */
  readonly ofChain: readonly Leg[]
  readonly #options: SecretsManagerOptions
  readonly #awsRegion: string | undefined
  readonly #legOptions: LegOptions
  readonly #beside = new Map<string, Leg>()

  /** @throws SecretsError `config_invalid` for a provider that there is not. */
  constructor(options: SecretsManagerOptions, settings: SecretsSettings, legOptions: LegOptions) {
    this.#options = options
    this.#awsRegion = options.awsRegion ?? settings.awsRegion
    this.#legOptions = legOptions
    this.ofChain = this.#chain(settings)
  }

  get all(): readonly Leg[] {
    return this.#beside.size === 0 ? this.ofChain : [...this.ofChain, ...this.#beside.values()]
  }

  /** The source of this name, in the chain or beside it. @throws SecretsError `config_invalid` where there is none. */
  named(name: string): Leg {
    const known = this.all.find((leg) => leg.name === name)
    if (known) return known
    const leg = this.#opened(name)
    this.#beside.set(name, leg)
    return leg
  }

  #chain(settings: SecretsSettings): Leg[] {
    const { providers = [], environment = true, provider } = this.#options
    const chosen = provider ?? (providers.length > 0 ? undefined : settings.provider)
    const first = chosen === undefined ? [] : [this.#opened(chosen)]
    const rest = providers.filter(({ name }) => name !== chosen).map((own) => new Leg(own.name, own, this.#legOptions))
    const before = [...first, ...rest]
    const hasEnvironment = before.some(({ name }) => name === 'env')
    return environment && !hasEnvironment ? [...before, this.#opened('env')] : before
  }

  #opened(name: string): Leg {
    const { providers = [], env = processEnvironment, log = stderrLog } = this.#options
    const own = providers.find((provider) => provider.name === name)
    if (own) return new Leg(name, own, this.#legOptions)
    if (!isProviderName(name)) throw new SecretsError('config_invalid', unknownProvider(name))
    const onProblem = (problem: string): void => log.warn(problem, { source: name })
    const awsRegion = this.#awsRegion
    const known = { env, clock: this.#legOptions.clock, onProblem, ...(awsRegion !== undefined && { awsRegion }) }
    return new Leg(name, () => openProvider(name, known), this.#legOptions)
  }
}

const unknownProvider = (name: string): string =>
  `provider: there is no provider ${JSON.stringify(name)}; there are ${providerNames.join(', ')}.`

/** What is wrong with the sources that the options name. */
export const sourceProblems = ({ provider, providers = [] }: SecretsManagerOptions): string[] => {
  const own = providers.map(({ name }) => name)
  const twice = new Set(own.filter((name, index) => own.indexOf(name) < index))
  return [
    ...(provider !== undefined && !own.includes(provider) && !isProviderName(provider)
      ? [unknownProvider(provider)]
      : []),
    ...[...twice].map(
      (name) => `providers: two are called ${JSON.stringify(name)}; give one another by namedProvider.`,
    ),
  ]
}
