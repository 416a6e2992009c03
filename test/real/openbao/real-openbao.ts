import { describeProvider } from '@keyplane/testkit'
import { fieldsOfValue } from '@keyplane/openbao'
import { openbaoProvider } from '@keyplane/providers'
import { describe, it } from 'vitest'
import type { BaoServer } from './bao-server.ts'
import { appRole } from './bao-roles.ts'

/** The rules of a provider, over a server that runs. */
export const describeRealOpenBao = (name: string, server: BaoServer): void => {
  let fixtures = 0
  describeProvider(
    name,
    async (seed) => {
      fixtures += 1
      // A folder for each rule. OpenBao has no empty segments; such a name is spelled with an encoded slash.
      const spell = (id: string): string => `allowed/${fixtures}/${id.replaceAll('//', '/%2F/')}`
      const path = (id: string): string => spell(id).split('/').map(encodeURIComponent).join('/')
      for (const { name: id, value } of seed)
        await server.done('POST', `secret/data/${path(id)}`, { data: fieldsOfValue(value) })
      return {
        provider: openbaoProvider({
          endpoints: [server.endpoint],
          auth: { method: 'approle', ...(await appRole(server, 'suite')) },
          timeoutMs: 1_500,
        }),
        spell,
        deniedId: 'denied/db',
        silence: () => server.pause(),
        hang: () => server.pause(),
        stop: () => server.resume(),
      }
    },
    { describe, it },
    { babble: 'a real server does not babble' },
  )
}
