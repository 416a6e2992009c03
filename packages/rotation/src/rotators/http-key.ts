import { type Clock, SecretsError, type SecretValue, revealText, TextValue } from '@keyplane/core'
import { type HttpAnswer, type HttpClient, httpClient } from '@keyplane/http'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../ports/rotator.ts'
import { members, withMembers } from './credential.ts'
import {
  fillHeaders,
  fillPath,
  fillText,
  type Placeholders,
  requirePath,
  requirePlaceholders,
} from './http-template.ts'

/**
 * One call of an API. In headers and body `{{by.key}}` is the key that the call is made with, `{{by.id}}` and `{{id}}` are
 * ids of keys, `{{version}}` the version's id, `{{admin}}` the administrator's token; in the path only ids are.
 */
export interface HttpKeyCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query, encoded but for its placeholders. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON; its texts may have placeholders. */
  readonly body?: Readonly<Record<string, unknown>>
}

export interface HttpKeyOptions {
  /** `https://host[:port]`; plain http to this machine only. */
  readonly endpoint: string
  readonly ca?: string
  readonly clock: Clock
  /** Makes a key. Where its answer has the key and the key's id, as members and their members: `data.secret`. */
  readonly create: HttpKeyCall & { readonly keyAt: string; readonly idAt: string }
  /** Uses a key: 401 and 403 are a no, 2xx a yes, all else no answer. */
  readonly test: HttpKeyCall
  /** Takes `{{id}}` away; 404 and 410 say that it is gone. */
  readonly remove: HttpKeyCall
  /** A token that may make and remove keys. Default: keys do so themselves. */
  readonly admin?: () => Promise<SecretValue>
}

/**
 * Keys of an HTTP API of which several are valid at once. The secret is a JSON object with `key` and `id`. A new key is
 * made and tested beside the old one, which is removed after the new one was verified as current.
 */
export const httpKeyRotator = (options: HttpKeyOptions): Rotator => new HttpKeyRotator(options)

class HttpKeyRotator implements Rotator {
  readonly name = 'http-key'
  readonly repairs: boolean
  readonly overlaps = true
  readonly #options: HttpKeyOptions
  readonly #client: HttpClient

  constructor(options: HttpKeyOptions) {
    for (const call of [options.create, options.test, options.remove]) requirePlaceholders(call)
    requirePath(options.create.keyAt)
    requirePath(options.create.idAt)
    this.#options = options
    this.repairs = options.admin !== undefined
    const { endpoint, ca, clock } = options
    this.#client = httpClient({ endpoint, source: 'http-key', clock, ...(ca !== undefined && { ca }) })
  }

  async create(call: RotatorCall, current: SecretValue): Promise<SecretValue> {
    const { create } = this.#options
    call.requireLease()
    const answer = await this.#send(call, create, { by: current })
    if (!isGood(answer)) throw unexpected('create', answer)
    const body = members(new TextValue(Buffer.from(answer.body).toString('utf8')))
    return withMembers(current, { key: textAt(body, create.keyAt), id: textAt(body, create.idAt) })
  }

  /** A key that was made is valid; one that somebody removed meanwhile is not. */
  set(call: RotatorCall, { pending }: Credentials): Promise<Acceptance> {
    return this.test(call, pending)
  }

  async test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    const answer = await this.#send(call, this.#options.test, { by: value })
    if (isGood(answer)) return 'accepted'
    if (isRefused(answer)) return 'refused'
    throw unexpected('test', answer)
  }

  async revert(): Promise<void> {
    // The old key was never taken away; one that somebody removed can't be had again.
  }

  retire(call: RotatorCall, { current, pending }: Credentials): Promise<void> {
    return this.#remove(call, { by: pending, of: current })
  }

  discard(call: RotatorCall, { current, pending }: Credentials): Promise<void> {
    return this.#remove(call, { by: current, of: pending })
  }

  close(): void {
    this.#client.close()
  }

  async #remove(call: RotatorCall, keys: { readonly by: SecretValue; readonly of: SecretValue }): Promise<void> {
    call.requireLease()
    const answer = await this.#send(call, this.#options.remove, keys)
    if (!isGone(answer)) throw unexpected('remove', answer)
  }

  async #send(
    call: RotatorCall,
    { method, path, headers, body }: HttpKeyCall,
    { by, of }: { readonly by: SecretValue; readonly of?: SecretValue },
  ): Promise<HttpAnswer> {
    const admin = await this.#options.admin?.()
    const places: Placeholders = {
      'by.key': textOf(by, 'key'),
      'by.id': textOf(by, 'id'),
      id: of && textOf(of, 'id'),
      version: call.pendingVersion,
      admin: admin && revealText(admin),
    }
    return this.#client.send({
      method,
      target: fillPath(path, places),
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(method === 'POST' && { 'idempotency-key': call.pendingVersion }),
        ...fillHeaders(headers ?? {}, places),
      },
      ...(body && {
        body: JSON.stringify(body, (_, value: unknown) =>
          typeof value === 'string' ? fillText(value, places) : value,
        ),
      }),
      signal: call.signal,
    })
  }
}

const isRefused = ({ status }: HttpAnswer): boolean => status === 401 || status === 403
const isGone = (answer: HttpAnswer): boolean => isGood(answer) || answer.status === 404 || answer.status === 410
const isGood = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300

const textOf = (value: SecretValue, name: string): string | undefined => {
  const found = members(value)?.[name]
  return typeof found === 'string' ? found : undefined
}

const textAt = (body: Readonly<Record<string, unknown>> | undefined, path: string): string => {
  let found: unknown = body
  for (const name of path.split('.'))
    found = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>)[name] : undefined
  if (typeof found === 'string' && found !== '') return found
  if (Number.isSafeInteger(found)) return String(found)
  throw new SecretsError('bad_response', `The API's answer to create has no text at ${JSON.stringify(path)}.`, {
    reason: 'answer_shape',
  })
}

/** An answer's body may hold a key: only its status is told. */
const unexpected = (what: string, { status }: HttpAnswer): SecretsError =>
  new SecretsError(
    status >= 500 || status === 429 ? 'unavailable' : 'bad_response',
    `The API answered ${what} with the status ${status}.`,
    { reason: `status_${status}` },
  )
