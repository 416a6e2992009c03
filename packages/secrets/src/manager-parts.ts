import {
  type Change,
  type Clock,
  type Random,
  type Reading,
  type SecretRef,
  SecretsError,
  systemRandom,
  toSecretsError,
} from '@keyplane/core'
import { processValues } from '@keyplane/masking'
import { Chain, type ChainCall } from './chain/chain.ts'
import { Reports } from './chain/reports.ts'
import type { Strictness } from './chain/strictness.ts'
import { Watches } from './changes/watches.ts'
import { readSettings, type SecretsSettings, stderrLog } from './config.ts'
import { type Bounds, legOptionsOf } from './leg-options-of.ts'
import { Legs, sourceProblems } from './legs.ts'
import type { SecretsManagerOptions } from './manager-options.ts'
import { Registrar } from './masking/registrar.ts'
import { type ReceiptSettings, receiptSettings } from './receipts/receipt-options.ts'
import { ReceiptReporter } from './receipts/receipt-reporter.ts'
import { NewerVersions } from './with-secret/newer-versions.ts'

/** What a manager is made of. */
export interface ManagerParts {
  readonly legs: Legs
  readonly chain: Chain
  readonly strict: Strictness
  readonly reports: Reports
  readonly registrar: Registrar
  readonly watches: Watches
  readonly newerVersions: NewerVersions
  readonly receipts?: ReceiptReporter
  readonly clock: Clock
  readonly random: Random
}

type Read = (ref: SecretRef, call: ChainCall) => Promise<Reading | undefined>

/** Makes the parts of a manager, which reads by `read`. @throws SecretsError `config_invalid`, every problem at once. */
export const openParts = (options: SecretsManagerOptions, read: Read): ManagerParts => {
  const { settings, bounds: allBounds, receipts } = settledOptions(options)
  const log = options.log ?? stderrLog
  const reports = new Reports(log)
  const registrar = new Registrar(options.values ?? processValues(), options.notSecret)
  const { pollEveryMs, ...bounds } = allBounds
  const { clock, random } = bounds
  const watches = new Watches({
    // A source that fails is no news of the secret: the next one in the chain must not answer for it.
    read: (key, maxAgeMs) =>
      read({ id: key }, { strict: true, skipsUnusable: true, hasDefault: true, freshness: { maxAgeMs } }),
    onError: (key) => log.error(`What listens to changes of ${JSON.stringify(key)} failed.`, { key }),
    pollEveryMs,
    clock,
    random,
  })
  const onChange = (change: Change): void => watches.tell(change)
  const onLeaseProblem = (problem: string): void => log.warn(problem, {})
  const legs = new Legs(options, settings, {
    onLeaseProblem,
    ...bounds,
    registrar,
    onChange,
    between: options.between,
  })
  const chain = new Chain(legs.ofChain, {
    reports,
    clock,
    ...(options.telemetry && { telemetry: options.telemetry }),
  })
  const strict = options.strict ?? settings.strict
  return {
    legs,
    chain,
    strict,
    reports,
    registrar,
    watches,
    newerVersions: new NewerVersions(clock),
    ...(receipts && { receipts: new ReceiptReporter({ ...receipts, clock, log }) }),
    clock,
    random,
  }
}

/** @throws SecretsError `config_invalid` with what is wrong in the environment, in the options and with the sources. */
const settledOptions = (
  options: SecretsManagerOptions,
): {
  readonly settings: SecretsSettings
  readonly bounds: Bounds
  readonly receipts: ReceiptSettings | undefined
} => {
  const problems: string[] = []
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (thrown) {
      problems.push(toSecretsError(thrown).message)
      return undefined
    }
  }
  const settings = collect(() => readSettings(options.env))
  const bounds = collect(() => legOptionsOf(options, settings?.cacheTtlMs ?? 0))
  const { receipts: given } = options
  const receipts = given && collect(() => receiptSettings(given, options.random ?? systemRandom))
  problems.push(...sourceProblems(options))
  if (!settings || !bounds || problems.length > 0) throw new SecretsError('config_invalid', problems.join('\n'))
  return { settings, bounds, receipts }
}
