import type { Clock } from '@keyplane/core'
import type { RefusalLedger } from '@keyplane/openbao'

/** What a provider that is chosen by name alone can know. Each file's `xFromSettings` reads from it. */
export interface ProviderSettings {
  /** The live environment; also the secrets of the `env` provider. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly awsRegion?: string
  readonly clock: Clock
  /** The id of what causes a request, for the source's own log: OpenBao's `X-Correlation-Id`. */
  readonly correlationId?: () => string | undefined
  /** Ids of the provider's that are credentials with a lease: OpenBao's `MOUNT/ROLE`. */
  readonly dynamic?: Iterable<string>
  /** Where refused logins are kept that lock a role of OpenBao's. Default: this process's memory. */
  readonly refusals?: RefusalLedger | undefined
  /** Told of what is wrong and passed over: a line of `.env` that is no entry. Never a value. */
  readonly onProblem?: (problem: string) => void
}

/** A setting by its short name (`AGENT_TOKEN_FILE`): `KEYPLANE_…` wins over `SECRETS_…`; empty counts as unset. */
export const setting = ({ env }: Pick<ProviderSettings, 'env'>, name: string): string | undefined =>
  env[`KEYPLANE_${name}`] || env[`SECRETS_${name}`] || undefined
