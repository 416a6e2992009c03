import { basename } from 'node:path'
import type { Alerts } from '../alerts/alerts.ts'
import type { SourceConfig } from '../config/service-config.ts'
import type { OpenEnvironment } from '../environments/open-environment.ts'
import { atMost } from '../tools/at-most.ts'
import type { SecretRead } from '../tools/secret-reads.ts'
import { EnvironmentWatch } from './environment-watch.ts'
import type { HealthParts, OpenHealth } from './openbao-probe.ts'
import { watchedSources } from './watched-sources.ts'

export interface WatchesParts extends HealthParts {
  readonly environments: ReadonlyMap<string, OpenEnvironment>
  readonly alerts: Alerts
  readonly openHealth?: OpenHealth | undefined
}

/** Where a secret came from at the start. */
export interface WarmedSecret {
  /** `tool.secret`. */
  readonly name: string
  readonly result: SecretRead['result']
  /** The source as people know it: its name, or the name of its file or folder. */
  readonly from?: string
  /** The code, where there is none. */
  readonly code?: string
}

const environmentsAtOnce = 4

interface Watched {
  readonly open: OpenEnvironment
  readonly watch: EnvironmentWatch
}

/** The watches over all environments. */
export class Watches {
  readonly #environments: ReadonlyMap<string, Watched>

  private constructor(environments: ReadonlyMap<string, Watched>) {
    this.#environments = environments
  }

  /** @throws SecretsError `config_invalid` as opening a source does. */
  static async open({ environments, alerts, openHealth: open, env, clock }: WatchesParts): Promise<Watches> {
    const watched = new Map<string, Watched>()
    for (const [name, environment] of environments) {
      const sources = await watchedSources(environment, { env, clock, open })
      const watch = new EnvironmentWatch({ environment, sources, alerts, clock })
      watched.set(name, { open: environment, watch })
    }
    return new Watches(watched)
  }

  of(environment: string): EnvironmentWatch | undefined {
    return this.#environments.get(environment)?.watch
  }

  /** Takes note of a read for a caller. */
  note(read: SecretRead): void {
    this.of(read.environment)?.note(read)
  }

  /** Reads what the environments want read at the start, and begins to probe; never rejects. */
  async start(): Promise<ReadonlyMap<string, readonly WarmedSecret[]>> {
    const warmed = await atMost(environmentsAtOnce, [...this.#environments], async ([name, { open, watch }]) => {
      const reads = open.config.warms ? await watch.warm() : []
      watch.start()
      return [name, reads.map((read) => warmedSecret(read, open))] as const
    })
    return new Map(warmed)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#environments.values()].map(({ watch }) => watch.close()))
  }
}

const warmedSecret = ({ tool, secret, result, source, code }: SecretRead, open: OpenEnvironment): WarmedSecret => {
  const settings = open.config.sources[open.sourceNames.indexOf(source ?? '')]
  const from = settings && told(settings, source ?? '')
  return { name: `${tool}.${secret}`, result, ...(from !== undefined && { from }), ...(code !== undefined && { code }) }
}

const told = (settings: SourceConfig, name: string): string => {
  if (settings.kind === 'env') return basename(settings.file)
  return settings.kind === 'file' ? `${basename(settings.folder)}/` : name
}
