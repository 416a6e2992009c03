import { type Change, SecretsError } from '@keyplane/core'
import type { ServerSentEvent } from './event-stream.ts'

/** The path of an environment's stream of changes. */
export const changesTarget = (environment: string): string =>
  `/v1/events?environment=${encodeURIComponent(environment)}`

/** A change of a tool's secret, or a gap after which nothing is sure. No value is ever in it. */
export type ServiceChange =
  | {
      readonly kind: 'changed' | 'deleted' | 'withdrawn'
      readonly tool: string
      readonly secret: string
      readonly versionId?: string
    }
  | { readonly kind: 'resync' }

const malformed = (): SecretsError =>
  new SecretsError('bad_response', 'The service sent a change that names no secret.', { source: 'service' })

const membersOf = (data: string): Readonly<Record<string, unknown>> => {
  try {
    const members: unknown = JSON.parse(data)
    if (typeof members === 'object' && members !== null) return members as Readonly<Record<string, unknown>>
  } catch {
    // Told below, without a piece of the text.
  }
  throw malformed()
}

/** The change that an event tells of, by `tool/secret`; nothing for an event of another kind. */
export const parseChange = ({ event, data }: ServerSentEvent): Change | undefined => {
  if (event === 'resync') return { kind: 'resync' }
  if (event !== 'changed' && event !== 'deleted' && event !== 'withdrawn') return undefined
  const { tool, secret, versionId } = membersOf(data)
  if (typeof tool !== 'string' || typeof secret !== 'string' || tool === '' || secret === '') throw malformed()
  const version = typeof versionId === 'string' ? { version: versionId } : {}
  return { kind: event, id: `${tool}/${secret}`, ...version }
}

/** A change as an event, with the id by which a reader goes on after it. */
export const encodeChange = ({ kind, ...data }: ServiceChange, id: string): string =>
  `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
