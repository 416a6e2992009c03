import { type HttpAnswer, type HttpClient, httpClient } from '@keyplane/http'
import {
  type CallOptions,
  type Clock,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  systemClock,
} from '@keyplane/core'
import { getSecretTarget, parseSecret, stageLabel } from '@keyplane/protocol'
import { agentError } from './agent-errors.ts'
import { type AgentToken, TokenKeeper } from './agent-token.ts'
import { type CallLimits, callLimits } from './call-limits.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'

export interface AgentProviderOptions {
  /** Default `http://127.0.0.1:2773`. Plain http to this machine only. */
  readonly endpoint?: string
  readonly token: AgentToken
  /** The header that carries it. Default `X-Aws-Parameters-Secrets-Token`. */
  readonly tokenHeader?: string
  readonly clock?: Clock
  /** Lets plain http go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  /** Default 30,000. */
  readonly timeoutMs?: number
}

class AgentProvider implements SecretProvider {
  readonly name = 'agent' as const
  readonly #http: HttpClient
  readonly #clock: Clock
  readonly #token: TokenKeeper
  readonly #tokenHeader: string

  constructor(options: AgentProviderOptions) {
    const { token, tokenHeader = 'X-Aws-Parameters-Secrets-Token', ...transport } = options
    this.#http = httpClient({ endpoint: 'http://127.0.0.1:2773', ...transport, source: this.name })
    this.#clock = options.clock ?? systemClock
    this.#token = new TokenKeeper({ token, source: this.name, clock: this.#clock })
    this.#tokenHeader = tokenHeader
  }

  async get(ref: SecretRef, call: CallOptions = {}): Promise<SecretVersion> {
    const limits = this.#limits(call)
    // It would be asked for as another id, with U+FFFD in its place.
    if (/\p{Surrogate}/u.test(ref.id))
      throw new SecretsError('invalid_request', 'The id has half a character.', { source: this.name })
    const target = getSecretTarget({
      secretId: ref.id,
      ...(ref.version === undefined ? {} : { versionId: ref.version }),
      ...(ref.stage === undefined ? {} : { versionStage: stageLabel(ref.stage) }),
      ...(ref.as === undefined ? {} : { roleArn: ref.as }),
      refreshNow: call.freshness?.maxAgeMs === 0,
    })
    const token = await this.#token.get(limits)
    const version = await this.#ask(target, token, call)
    if (version instanceof SecretsError) {
      // The agent's token file may have been written anew, by an agent that was started again.
      const isRefused = version.reason === 'bad_token'
      const other = isRefused ? await this.#token.other(token, this.#limits(call)) : undefined
      if (other === undefined) throw version
      const second = await this.#ask(target, other, call)
      if (second instanceof SecretsError) throw second
      return second
    }
    return version
  }

  /** A token that was read from its file is read anew. */
  refresh(): void {
    this.#token.forget()
  }

  async close(): Promise<void> {
    this.#http.close()
  }

  async #ask(target: string, token: string, call: CallOptions): Promise<SecretVersion | SecretsError> {
    const headers = { host: this.#http.endpoint.host, [this.#tokenHeader]: token }
    const answer = await this.#http.send({ method: 'GET', target, headers, ...this.#limits(call) })
    if (answer.status !== 200) return agentError(answer.status, new TextDecoder().decode(answer.body), token)
    return this.#read(answer)
  }

  #limits(call: CallOptions): CallLimits {
    return callLimits(call, this.#clock, this.name)
  }

  #read({ body }: HttpAnswer): SecretVersion {
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    } catch {
      throw new SecretsError('bad_response', "The agent's answer is not UTF-8.", { source: this.name })
    }
    return parseSecret(text)
  }
}

/**
 * The localhost agent, Keyplane's or AWS's, over its HTTP. It reads only: the agent has a cache and credentials of its
 * own. `freshness.maxAgeMs` 0 makes the agent ask its source (`refreshNow`).
 * @throws SecretsError `config_invalid` where the endpoint is none.
 */
export const agentProvider = (options: AgentProviderOptions): SecretProvider => new AgentProvider(options)

/** Where an agent's token stands, in its own order; the first that is set decides. */
const tokenVariables = ['AWS_TOKEN', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'] as const

const tokenFromSettings = (settings: ProviderSettings): AgentToken => {
  const file = setting(settings, 'AGENT_TOKEN_FILE')
  if (file !== undefined) return { file }
  const variable = tokenVariables.find((name) => settings.env[name])
  const text = setting(settings, 'AGENT_TOKEN') ?? (variable && settings.env[variable])
  if (!text)
    throw new SecretsError(
      'config_invalid',
      "The agent's token is not set: KEYPLANE_AGENT_TOKEN_FILE names its file, KEYPLANE_AGENT_TOKEN or AWS_TOKEN holds it.",
      { source: 'agent' },
    )
  return text.startsWith('file://') ? { file: text.slice('file://'.length) } : text
}

export const agentFromSettings = async (settings: ProviderSettings): Promise<SecretProvider> => {
  const endpoint = setting(settings, 'AGENT_ENDPOINT')
  return agentProvider({
    token: tokenFromSettings(settings),
    clock: settings.clock,
    ...(endpoint === undefined ? {} : { endpoint }),
  })
}
