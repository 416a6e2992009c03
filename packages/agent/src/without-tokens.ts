import {
  type CallOptions,
  type SecretLister,
  type SecretProvider,
  SecretsError,
  type SecretState,
} from '@keyplane/core'
import type { AgentConfig } from './config/agent-config.ts'

const variable = 'env://'

/** The variables that may hold the agent's own token or a client's. */
export const tokenVariablesOf = ({
  tokenVariables,
  clients,
}: Pick<AgentConfig, 'tokenVariables' | 'clients'>): ReadonlySet<string> =>
  new Set([
    ...tokenVariables,
    ...clients.flatMap(({ token }) => (token?.startsWith(variable) ? [token.slice(variable.length)] : [])),
  ])

/** The environment's provider without the variables of tokens: whoever reads secrets must not read who else may. */
export const withoutTokens = (provider: SecretProvider, hidden: ReadonlySet<string>): SecretProvider => {
  const { name, local, list } = provider
  return {
    name,
    ...(local && { local: true as const }),
    get: async (ref, call) => {
      if (hidden.has(ref.id))
        throw new SecretsError('secret_not_found', `${JSON.stringify(ref.id)} holds a token and is not served.`, {
          source: name,
        })
      return provider.get(ref, call)
    },
    ...(list && { list: { list: (query, call) => visible(list, hidden, query, call) } }),
    refresh: () => provider.refresh?.(),
    close: async () => provider.close?.(),
  }
}

async function* visible(
  list: SecretLister,
  hidden: ReadonlySet<string>,
  query: { readonly prefix?: string },
  call?: CallOptions,
): AsyncGenerator<SecretState & { readonly name: string }> {
  for await (const state of list.list(query, call)) if (!hidden.has(state.id)) yield state
}
