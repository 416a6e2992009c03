import { describeProvider } from '@keyplane/testkit'
import { fieldsOfValue } from '@keyplane/openbao'
import { openbaoProvider } from '@keyplane/providers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { BaoServer } from './bao-server.ts'
import { appRole } from './bao-roles.ts'

const server = new BaoServer()
beforeAll(() => server.startDev())
afterAll(() => server.remove())

let fixtures = 0

describeProvider(
  'openbao, over the real server',
  async (seed) => {
    fixtures += 1
    // A folder for each rule. OpenBao has no empty segments; such a name is spelled with an encoded slash.
    const spell = (name: string): string => `allowed/${fixtures}/${name.replaceAll('//', '/%2F/')}`
    const path = (name: string): string => spell(name).split('/').map(encodeURIComponent).join('/')
    for (const { name, value } of seed)
      await server.done('POST', `secret/data/${path(name)}`, { data: fieldsOfValue(value) })
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
