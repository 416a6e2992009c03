import { type Random, type SecretRef, uuid } from '@keyplane/core'
import { splitTarget } from '@keyplane/protocol'
import type { Caller, Callers } from '../../guards/callers.ts'
import { callerToken } from '../../guards/caller-token.ts'
import { forwarded } from '../../guards/forwarded.ts'
import type { RefusalLog } from '../../guards/refusal-log.ts'
import { type RequestLimit, requestLimit } from '../../guards/request-limit.ts'
import type { Guard, Visit } from '../../http/handlers.ts'
import { type AgentRequest, type AgentResponse, firstHeader } from '../../http/messages.ts'
import { type AskedSecret, type Found, SecretReads, type SecretReadsParts } from '../../routes/secret-reads.ts'
import { isCounted, kvData, numberOfVersion, vaultAnswer, vaultError, vaultErrors } from './answers.ts'
import { mountData, statusAnswers, tokenData } from './status-answers.ts'
import { unsupported, type VaultQuestion, vaultQuestion } from './target.ts'

export interface VaultParts extends SecretReadsParts {
  readonly callers: Callers
  /** Header names that carry the token, lower case; `Authorization: Bearer` does too. */
  readonly tokenHeaders: readonly string[]
  readonly limit: RequestLimit
  /** Tells of what the guards refuse. Default: nobody does. */
  readonly refusals?: RefusalLog
  /** Where the KV of the agent's source is mounted: without slashes at the ends. */
  readonly mounts: readonly string[]
  readonly random: Random
  /** The Host guard of the listener. */
  readonly host: Guard
}

type Read = Extract<VaultQuestion, { readonly kind: 'read' }>

const openKinds: ReadonlySet<string> = new Set(['health', 'seal-status', 'init', 'leader'])

/** Refusals that the agent words itself, in Vault's words. */
const refusal = ({ status, body }: AgentResponse): AgentResponse =>
  vaultErrors(status, String(body) === 'Bad Token' ? 'permission denied' : String(body))

type Answered = AgentResponse | Promise<AgentResponse>

/**
 * Reads of KV version 2 as Vault and OpenBao answer them, from whatever source the agent has, for their unmodified
 * clients. It gives nothing for a request that lies below none of its mounts.
 */
export const vaultDialect = (parts: VaultParts): ((request: AgentRequest) => Answered | undefined) => {
  const serve = server(parts)
  return (request) => {
    const question = vaultQuestion(request.target, parts.mounts)
    return question && serve(request, question)
  }
}

/** The same where nobody else answers: what lies below no mount is refused. */
export const vaultApp = (parts: VaultParts): ((request: AgentRequest) => Answered) => {
  const serve = server(parts)
  return (request) => serve(request, vaultQuestion(request.target, parts.mounts) ?? noRoute(request))
}

const noRoute = ({ target }: AgentRequest): VaultQuestion => {
  const path = splitTarget(target).path.replace(/^\/v1\//, '')
  return { kind: 'refused', status: 404, error: `no handler for route ${JSON.stringify(path)}. route entry not found.` }
}

/** The guards in the agent's order, then the answer. */
const server = (parts: VaultParts): ((request: AgentRequest, question: VaultQuestion) => Answered) => {
  const { callers, tokenHeaders, limit, meters, host, refusals } = parts
  const guardsFor = (isOpen: boolean): readonly Guard[] => {
    const token = callerToken(callers, { headers: tokenHeaders, isOpen: () => isOpen, takesBearer: () => true })
    const all = [requestLimit(limit), forwarded(), host, token]
    return refusals ? all.map((guard) => refusals.watching(guard)) : all
  }
  const [closed, open] = [guardsFor(false), guardsFor(true)]
  const reads = new SecretReads(parts)
  const refused = (response: AgentResponse): AgentResponse => {
    meters.refused(response.status)
    return response
  }
  return (request, question) => {
    const visit: Visit = {}
    for (const guard of openKinds.has(question.kind) ? open : closed) {
      const response = guard(request, visit)
      if (response) return refused(refusal(response))
    }
    const unfit = unfitFor(request, question)
    if (unfit) return refused(unfit)
    return answer(question, visit.caller ?? {}, { parts, reads })
  }
}

/** What no KV read has, or what this agent could not keep to if it passed over it. */
const unfitFor = (request: AgentRequest, question: VaultQuestion): AgentResponse | undefined => {
  const isRead = request.method === 'GET' || (request.method === 'HEAD' && openKinds.has(question.kind))
  if (!isRead) return vaultErrors(405, unsupported)
  if (question.kind === 'refused')
    return question.error === undefined ? vaultErrors(question.status) : vaultErrors(question.status, question.error)
  if ((firstHeader(request, 'x-vault-namespace') ?? '').replaceAll('/', '') !== '')
    return vaultErrors(400, 'there are no namespaces here')
  if ((firstHeader(request, 'x-vault-wrap-ttl') ?? '') !== '') return vaultErrors(400, 'answers are not wrapped here')
  return undefined
}

const answer = (
  question: VaultQuestion,
  caller: Caller,
  { parts, reads }: { readonly parts: VaultParts; readonly reads: SecretReads },
): AgentResponse | Promise<AgentResponse> => {
  const { clock, random } = parts
  switch (question.kind) {
    case 'read':
      return readAnswer(question, { reads, random, caller, sinceMs: clock.monotonicMs() })
    case 'mount':
      return vaultAnswer(uuid(random), mountData(question.mount))
    case 'lookup-self':
      return vaultAnswer(uuid(random), tokenData(caller))
    case 'refused':
      return vaultErrors(question.status)
    default:
      return statusAnswers[question.kind](clock.nowMs())
  }
}

interface Asking {
  readonly reads: SecretReads
  readonly random: Random
  readonly caller: Caller
  readonly sinceMs: number
}

const readAnswer = async ({ path, version }: Read, asking: Asking): Promise<AgentResponse> => {
  const { reads, random, caller, sinceMs } = asking
  const ask = (ref: SecretRef): AskedSecret => ({ ref, client: caller.name, scope: caller.secrets, sinceMs })
  const asked = ask({ id: path })
  const found = await findNumbered(version, { current: asked, ask, reads })
  const response =
    found === undefined
      ? vaultErrors(404)
      : 'error' in found
        ? vaultError(found.error)
        : vaultAnswer(uuid(random), kvData(found.version))
  return reads.tell(asked, found?.outcome ?? 'failed', response)
}

/** The version of a number; 0 is the current one. A source that does not count has two that can be found. */
const findNumbered = async (
  number: number,
  {
    current,
    ask,
    reads,
  }: { readonly current: AskedSecret; readonly ask: (ref: SecretRef) => AskedSecret; readonly reads: SecretReads },
): Promise<Found | undefined> => {
  const found = await reads.find(current)
  if ('error' in found || number === 0 || numberOfVersion(found.version) === number) return found
  const { id } = current.ref
  if (isCounted(found.version)) return reads.find(ask({ id, version: String(number) }))
  const before = await reads.find(ask({ id, stage: 'previous' }))
  return 'error' in before || numberOfVersion(before.version) === number ? before : undefined
}
