import {
  type CallOptions,
  type Clock,
  type ManyReader,
  type Outcome,
  type Random,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  type SecretWatcher,
  systemClock,
  systemRandom,
  toSecretsError,
} from '@keyplane/core'
import { type ClientCertificate, type HttpAnswer, type HttpClient, httpClient } from '@keyplane/http'
import {
  changesTarget,
  parseToolConfiguration,
  type ToolConfiguration,
  toolConfigurationTarget,
} from '@keyplane/protocol'
import { type AgentToken, TokenKeeper } from './agent-token.ts'
import { type CallLimits, callLimits } from './call-limits.ts'
import { type OpenStream, openStream } from './event-source.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'
import { versionOfMember } from './service-answers.ts'
import { serviceError } from './service-errors.ts'
import { serviceTls } from './service-tls.ts'
import { serviceWatcher } from './service-watcher.ts'

export interface ServiceProviderOptions {
  /** `https://host[:port]`; plain http to this machine only. */
  readonly endpoint: string
  /** The environment whose secrets are read. */
  readonly environment: string
  /** Needed where no certificate says who asks. */
  readonly token?: AgentToken
  readonly clock?: Clock
  /** For the pauses between two attempts at the stream of changes. */
  readonly random?: Random
  /** Lets plain http go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  /** What is shown a service that asks for a certificate. Default: none. */
  readonly clientCertificate?: ClientCertificate
  /** Default 30,000. */
  readonly timeoutMs?: number
}

interface Member {
  readonly tool: string
  readonly secret: string
}

/** Half a pair of surrogates, which no URL can hold. */
const halfCharacter = /\p{Surrogate}/u
const maxRefs = 100
const maxTools = 8
/** The service says something at least every 15 seconds. */
const silenceMs = 45_000

/** In the place of a token where there is none. */
const nothing = ''
/** Of a caller whom its certificate names. */
const noToken = { get: async () => nothing, other: async () => undefined, forget: () => {} }

class ServiceProvider implements SecretProvider {
  readonly name = 'service' as const
  readonly many: ManyReader
  readonly watch: SecretWatcher
  readonly #http: HttpClient
  readonly #options: ServiceProviderOptions
  readonly #clock: Clock
  readonly #token: Pick<TokenKeeper, 'get' | 'other' | 'forget'>
  readonly #closing = new AbortController()

  constructor(options: ServiceProviderOptions) {
    const { environment, token, random = systemRandom, ...transport } = options
    if (environment === '' || halfCharacter.test(environment))
      throw new SecretsError('config_invalid', 'environment: name the one whose secrets are read.', {
        source: 'service',
      })
    if (token === undefined && !options.clientCertificate)
      throw new SecretsError('config_invalid', 'token: it is needed where there is no clientCertificate.', {
        source: 'service',
      })
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#http = httpClient({ ...transport, source: this.name })
    this.#token = token === undefined ? noToken : new TokenKeeper({ token, source: this.name, clock: this.#clock })
    this.many = { maxRefs, get: (refs, call) => this.#many(refs, call) }
    this.watch = serviceWatcher({
      token: (signal) => this.#token.get({ signal }),
      open: (token, lastEventId, signal) => this.#openStream(token, lastEventId, signal),
      renewToken: async (refused, signal) => (await this.#token.other(refused, { signal })) !== undefined,
      closing: this.#closing.signal,
      clock: this.#clock,
      random,
    })
  }

  async get(ref: SecretRef, call: CallOptions = {}): Promise<SecretVersion> {
    const { tool, secret } = this.#memberOf(ref)
    const configuration = await this.#configuration(tool, call)
    return versionOfMember(configuration, secret, ref, { nowMs: this.#clock.nowMs(), freshness: call.freshness })
  }

  /** A token that was read from its file is read anew. */
  async refresh(): Promise<void> {
    this.#token.forget()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#http.close()
  }

  /** One request a tool. */
  async #many(refs: readonly SecretRef[], call: CallOptions = {}): Promise<readonly Outcome<SecretVersion>[]> {
    if (refs.length > maxRefs) throw this.#error('invalid_request', `At most ${maxRefs} secrets at a time.`)
    callLimits(call, this.#clock, this.name)
    const members = refs.map((ref) => this.#outcome(() => this.#memberOf(ref)))
    const tools = new Map<string, Outcome<ToolConfiguration>>()
    const waiting = new Set(members.flatMap((member) => (member.ok ? [member.value.tool] : []))).values()
    const work = async (): Promise<void> => {
      for (const tool of waiting) tools.set(tool, await this.#configurationOutcome(tool, call))
    }
    await Promise.all(Array.from({ length: maxTools }, work))
    const moment = { nowMs: this.#clock.nowMs(), freshness: call.freshness }
    return members.map((member, index) => {
      if (!member.ok) return member
      const { tool, secret } = member.value
      const found = tools.get(tool) as Outcome<ToolConfiguration>
      if (!found.ok) return found
      return this.#outcome(() => versionOfMember(found.value, secret, refs[index] as SecretRef, moment))
    })
  }

  #outcome<T>(act: () => T): Outcome<T> {
    try {
      return { ok: true, value: act() }
    } catch (thrown) {
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  async #configurationOutcome(tool: string, call: CallOptions): Promise<Outcome<ToolConfiguration>> {
    try {
      return { ok: true, value: await this.#configuration(tool, call) }
    } catch (thrown) {
      if (call.signal?.aborted || this.#closing.signal.aborted) throw thrown
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  async #configuration(tool: string, call: CallOptions): Promise<ToolConfiguration> {
    const left = (): CallLimits => callLimits(call, this.#clock, this.name)
    const limits = left()
    const target = toolConfigurationTarget(this.#options.environment, tool)
    const fromOrigin = call.freshness?.maxAgeMs === 0
    const token = await this.#token.get(limits)
    let answer = await this.#ask(target, token, fromOrigin, left())
    // The token's file may have been written anew.
    const other = answer.status === 401 ? await this.#token.other(token, left()) : undefined
    if (other !== undefined) answer = await this.#ask(target, other, fromOrigin, left())
    const { status, headers, body } = answer
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
    if (status !== 200)
      throw serviceError(status, text, {
        retryAfter: headers['retry-after'],
        nowMs: this.#clock.nowMs(),
        token: other ?? token,
      })
    const configuration = parseToolConfiguration(text)
    if (configuration.tool === tool && configuration.environment === this.#options.environment) return configuration
    throw this.#error('bad_response', 'The service answered for another tool or environment than was asked for.')
  }

  #ask(target: string, token: string, fromOrigin: boolean, limits: CallLimits): Promise<HttpAnswer> {
    const headers = { ...this.#headers(token, 'application/json'), ...(fromOrigin && { 'cache-control': 'no-cache' }) }
    return this.#http.send({ method: 'GET', target, headers, ...limits })
  }

  #headers(token: string, accept: string): Record<string, string> {
    const shown = token === nothing ? {} : { authorization: `Bearer ${token}` }
    return { host: this.#http.endpoint.host, ...shown, accept, 'user-agent': 'keyplane' }
  }

  #openStream(token: string, lastEventId: string | undefined, signal: AbortSignal): Promise<OpenStream> {
    const headers = {
      ...this.#headers(token, 'text/event-stream'),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    }
    const target = changesTarget(this.#options.environment)
    const [{ endpoint }, { ca, clientCertificate }] = [this.#http, this.#options]
    return openStream({ endpoint, target, headers, ca, clientCertificate, signal, clock: this.#clock, silenceMs })
  }

  #memberOf({ id, as }: SecretRef): Member {
    if (as !== undefined) throw this.#error('unsupported', 'The service provider assumes no identity for a read.')
    const [, tool = '', secret = ''] = /^([^/]+)\/(.+)$/s.exec(id) ?? []
    if (tool !== '' && tool !== '.' && tool !== '..' && !halfCharacter.test(id)) return { tool, secret }
    throw this.#error('invalid_request', `${JSON.stringify(id)}: give a tool and its secret, as "payments/apiKey".`)
  }

  #error(code: 'unsupported' | 'invalid_request' | 'bad_response', message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * The central configuration service: the secrets of its tools in one environment, by `tool/secret`, and their changes as
 * they happen. It reads only.
 * @throws SecretsError `config_invalid` where the endpoint is none.
 */
export const serviceProvider = (options: ServiceProviderOptions): SecretProvider => new ServiceProvider(options)

/**
 * The provider by settings: `SERVICE_URL`, `SERVICE_ENVIRONMENT`, `SERVICE_TOKEN_FILE` or `SERVICE_TOKEN`, and those of
 * `serviceTls`, whose certificate may stand for the token.
 */
export const serviceFromSettings = async (settings: ProviderSettings): Promise<SecretProvider> => {
  const [endpoint, environment] = [setting(settings, 'SERVICE_URL'), setting(settings, 'SERVICE_ENVIRONMENT')]
  const [file, text] = [setting(settings, 'SERVICE_TOKEN_FILE'), setting(settings, 'SERVICE_TOKEN')]
  const token = file === undefined ? text : { file }
  const tls = await serviceTls(settings)
  if (endpoint !== undefined && environment !== undefined && (token !== undefined || tls.clientCertificate))
    return serviceProvider({
      endpoint,
      environment,
      ...(token !== undefined && { token }),
      ...tls,
      clock: settings.clock,
    })
  throw new SecretsError(
    'config_invalid',
    'The service is not set: KEYPLANE_SERVICE_URL is its address, KEYPLANE_SERVICE_ENVIRONMENT the environment, and ' +
      'KEYPLANE_SERVICE_TOKEN_FILE names the file of the token, or KEYPLANE_SERVICE_TOKEN holds it.',
    { source: 'service' },
  )
}
