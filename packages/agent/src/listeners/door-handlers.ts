import type { Random } from '@keyplane/core'
import type { SecretsManager } from '@keyplane/secrets'
import { agentApp, type AgentParts } from '../app.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { getParameter } from '../dialects/parameters/get-parameter.ts'
import { vaultApp, vaultDialect } from '../dialects/vault/vault-app.ts'
import type { Caller } from '../guards/callers.ts'
import { fastPath, type FastPathParts } from '../http/fast-path.ts'
import type { HttpDate } from '../http/response-bytes.ts'
import type { OpenTokens } from '../open-tokens.ts'
import { getPlainSecret } from '../routes/get-secret.ts'
import type { SecretReadsParts } from '../routes/secret-reads.ts'
import type { Door, DoorHandlers } from './door.ts'

export interface DoorHandlersParts
  extends Pick<
    AgentParts,
    'bodies' | 'clock' | 'limit' | 'meters' | 'onRead' | 'trail' | 'persisted' | 'refusals' | 'unreadiness' | 'gather'
  > {
  readonly config: Pick<AgentConfig, 'pathPrefix' | 'tokenHeaders' | 'vaultMounts' | 'vaultPort'>
  readonly secrets: SecretsManager
  /** Parameter Store's. Default: there is no such dialect. */
  readonly parameters?: SecretReadsParts['secrets']
  readonly tokens: OpenTokens
  readonly date: HttpDate
  readonly random: Random
  readonly log: SecretReadsParts['log'] & { readonly level: string }
}

/** Vault's own header, whatever the agent's configuration calls its own. */
const vaultHeaders: readonly string[] = Object.freeze(['x-vault-token'])

/** What answers at each door: the same reads behind it, in the dialects that are spoken there. */
export const doorHandlers = (parts: DoorHandlersParts): ((door: Door) => DoorHandlers) => {
  const { config, tokens, parameters, limit, random, date } = parts
  const { pathPrefix, tokenHeaders, vaultMounts: mounts, vaultPort } = config
  const reads = { ...parts, pathPrefix }
  // A parameter may have a secret's name.
  const { persisted: _, ...unkept } = parts
  const routes = parameters ? [getParameter({ ...unkept, secrets: parameters })] : []
  const [hit, miss] = [hitOf(parts), getPlainSecret(reads)]
  return ({ kind, host, takesOwnToken }) => {
    const callers = tokens.callers({ own: takesOwnToken })
    const vault = { ...parts, callers, limit, mounts, random, host }
    if (kind === 'vault') return { app: vaultApp({ ...vault, tokenHeaders: vaultHeaders }), fastPath: () => undefined }
    const isVaultHere = mounts.length > 0 && vaultPort === undefined
    const before = isVaultHere ? vaultDialect({ ...vault, tokenHeaders }) : undefined
    return {
      app: agentApp({ ...reads, callers, tokenHeaders, host, routes, ...(before && { before }) }),
      // Its grammar takes this machine's names only.
      fastPath: kind === 'network' ? () => undefined : fastPath({ callers, tokenHeaders, limit, date, hit, miss }),
    }
  }
}

/** A cached, fresh value for the fast path, told like any other read. */
const hitOf = ({
  secrets,
  bodies,
  log,
  meters,
  onRead,
  trail,
}: Pick<DoorHandlersParts, 'secrets' | 'bodies' | 'log' | 'meters' | 'onRead' | 'trail'>): FastPathParts['hit'] => {
  const debugs = log.level === 'debug'
  return (secretId: string, { name, secrets: scope }: Caller) => {
    const reading = secrets.peek({ id: secretId })
    if (!reading) return undefined
    // Refusals are the route's.
    if (scope && !(scope.mayAsk({ id: secretId }) && scope.mayHave(reading.version))) return undefined
    if (trail?.hit(reading.version, name) === false) return undefined
    secrets.used(reading.version)
    meters.hits += 1
    if (debugs) log.debug({ secretId, outcome: 'hit' }, 'Read.')
    onRead?.({ secretId, outcome: 'hit', status: 200, durationMs: 0, ...(name !== undefined && { client: name }) })
    return { version: reading.version, response: bodies.of(reading.version) }
  }
}
