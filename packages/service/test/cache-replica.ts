import type { CallOptions, Clock, SecretProvider } from '@keyplane/core'
import { localRootKey } from '@keyplane/sealing'
import { openSecrets, type SecretsManager } from '@keyplane/secrets'
import { seededRandom } from '@keyplane/testkit'
import { withPolling } from '../src/polling/with-polling.ts'
import type { Entries } from '../src/shared-cache/entries.ts'
import { GuardedEntries } from '../src/shared-cache/guarded-entries.ts'
import { Keyring } from '../src/shared-cache/keyring.ts'
import { Sealer } from '../src/shared-cache/record.ts'
import { SharedRecords } from '../src/shared-cache/shared-records.ts'
import { type SharedCacheProvider, withSharedCache } from '../src/shared-cache/with-shared-cache.ts'

export interface ReplicaOptions {
  readonly entries: Entries
  readonly clock: Clock
  /** Of which all that is random comes. */
  readonly seed: number
  readonly environment?: string
  readonly rootKeyByte?: number
  readonly maxStaleMs?: number
}

export const ttlMs = 300_000

/** What one process has of a shared cache. */
export const openReplica = async ({
  entries: given,
  clock,
  seed,
  environment = 'production',
  rootKeyByte = 7,
  maxStaleMs = 3_600_000,
}: ReplicaOptions) => {
  const problems: string[] = []
  const onProblem = (problem: string): void => void problems.push(problem)
  const random = seededRandom(seed)
  const entries = new GuardedEntries(given, { clock, onState: (isThere, why) => onProblem(isThere ? 'again' : why) })
  const rootKey = localRootKey(new Uint8Array(32).fill(rootKeyByte), random)
  const keyring = new Keyring({ entries, rootKey, clock, random, keepMs: ttlMs + maxStaleMs, onProblem })
  const sealer = new Sealer({ keyring, random, nowMs: clock.nowMs, onProblem })
  await keyring.upkeep()
  const over = (source: SecretProvider, onChange: (id: string) => void = () => {}): SharedCacheProvider => {
    const policy = { ttlMs, maxStaleMs, negativeTtlMs: 5_000, clock }
    const records = new SharedRecords({
      environment,
      source: source.name,
      entries,
      sealer,
      replica: String(seed),
      ...policy,
      onChange: (change) => onChange('id' in change ? change.id : '*'),
    })
    return withSharedCache(source, { records, ...policy })
  }
  /** As the service has it: the in-process cache, what looks for changes, the shared cache. */
  const secretsOver = (source: SecretProvider): SecretsManager => {
    const secrets: SecretsManager = openSecrets({
      providers: [source],
      environment: false,
      strict: true,
      cacheTtl: `${ttlMs}ms`,
      cache: { maxStale: `${maxStaleMs}ms` },
      attempts: 1,
      env: {},
      log: { warn() {}, error() {} },
      clock,
      random,
      between: (below) => {
        const onChange = (id: string): void =>
          secrets.invalidate(id === '*' ? { kind: 'resync' } : { kind: 'changed', id })
        const shared = over(below, onChange)
        return withPolling(shared, {
          intervalMs: 15_000,
          inUseMs: ttlMs + 15_000,
          clock,
          random,
          claim: shared.claim,
          forget: shared.forget,
          onChange: (change) => secrets.invalidate(change),
          onProblem,
        })
      },
    })
    return secrets
  }
  return { keyring, sealer, entries, problems, over, secretsOver }
}

export const textOf = async (source: Pick<SecretProvider, 'get'>, id: string, call?: CallOptions): Promise<unknown> =>
  (await source.get({ id }, call)).value.reveal()
