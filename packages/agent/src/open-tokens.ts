import { type Clock, SecretsError } from '@keyplane/core'
import type { AgentConfig } from './config/agent-config.ts'
import { Callers, type Client } from './guards/callers.ts'
import { clientCaller } from './guards/client-caller.ts'
import { findToken, Token, type TokenOrigin } from './token.ts'

export interface OpenTokensOptions {
  readonly config: Pick<AgentConfig, 'tokenVariables' | 'clients'>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: { error(facts: object, message: string): void }
  readonly clock: Clock
}

/** The agent's own token and its clients', each following its file. */
export interface OpenTokens {
  /** Everybody whose token counts, the agent's own or not. */
  callers(options: { readonly own: boolean }): Callers
  close(): void
}

/** @throws SecretsError `config_invalid` where a token is not there, is empty, or is that of two. */
export const openTokens = ({ config, env, log, clock }: OpenTokensOptions): OpenTokens => {
  const opened: Token[] = []
  const seen = new Set<string>()
  const open = (origin: TokenOrigin, whose: string): Token => {
    if (seen.has(origin.text)) throw twice(whose)
    seen.add(origin.text)
    const token = new Token(origin.text)
    opened.push(token)
    if (origin.path !== undefined)
      token.follow(origin.path, {
        clock,
        onProblem: ({ code, message }) => log.error({ code }, `The token stays as it was: ${message}`),
      })
    return token
  }
  const close = (): void => {
    for (const token of opened) token.close()
  }
  try {
    const own = open(findToken(env, config.tokenVariables), 'the agent')
    const clients = config.clients.flatMap((client): Client[] => {
      const { name, token } = client
      return token === undefined
        ? []
        : [{ caller: clientCaller(client), token: open(originOf(name, token, env), name) }]
    })
    return { callers: (options) => new Callers(options.own ? own : undefined, clients), close }
  } catch (error) {
    close()
    throw error
  }
}

const variable = 'env://'

const originOf = (name: string, token: string, env: OpenTokensOptions['env']): TokenOrigin =>
  token.startsWith(variable)
    ? findToken(env, [token.slice(variable.length)])
    : findToken({ [`keyplane.clients ${name}`]: token }, [`keyplane.clients ${name}`])

/** Of two with one token nobody could say who asks, nor what it may read. */
const twice = (whose: string): SecretsError =>
  new SecretsError('config_invalid', `The token of ${whose} is another's too: each needs its own.`)
