import { systemClock, systemRandom } from '@keyplane/core'
import { openProvider } from '@keyplane/secrets/providers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataFolder } from '../packages/cli/src/data-folder/data-folder.ts'
import { askService } from '../packages/cli/src/login/ask-service.ts'
import type { Whoami } from '../packages/cli/src/login/whoami-answer.ts'
import { Certificates } from '../packages/service/test/certificates.ts'
import { hash, key, type Served, serve } from '../packages/service/test/serve.ts'

let files: Certificates
let served: Served
let env: Record<string, string>
beforeAll(async () => {
  files = new Certificates().issue('server').issue('shop')
  const [certificate, serverKey, clientCa] = ['server.pem', 'server.key', 'ca.pem'].map((name) => files.path(name))
  served = await serve({
    listen: { port: 0, tls: { certificate, key: serverKey, clientCa } },
    clients: {
      shop: { certificates: ['subject:CN=shop'], roles: ['all'] },
      keyed: { keys: [hash], roles: ['all'] },
    },
  })
  env = {
    KEYPLANE_SERVICE_URL: served.service.url,
    KEYPLANE_SERVICE_ENVIRONMENT: 'production',
    KEYPLANE_SERVICE_CACERT: files.path('ca.pem'),
    KEYPLANE_SERVICE_CLIENT_CERT: files.path('shop.pem'),
    KEYPLANE_SERVICE_CLIENT_KEY: files.path('shop.key'),
  }
})
afterAll(async () => {
  await served.service.close()
  files.remove()
})

const settings = (more: Readonly<Record<string, string>> = {}) => ({ env: { ...env, ...more }, clock: systemClock })

describe('a service that wants a certificate of everybody', () => {
  it('is read, and watched, by who has one, with a key or without', async () => {
    for (const more of [{}, { KEYPLANE_SERVICE_TOKEN: key }]) {
      const provider = await openProvider('service', settings(more))
      expect((await provider.get({ id: 'payments/apiKey' })).value.reveal()).toBe('value')
      const ended = new AbortController()
      const watching = provider.watch?.watch('all', ended.signal)[Symbol.asyncIterator]().next()
      const opened = await Promise.race([watching, new Promise((resolve) => setTimeout(resolve, 300, 'open'))])
      expect(opened).toBe('open')
      ended.abort()
      await provider.close?.()
    }
    expect(served.records.at(0)).toMatchObject({ actor: 'shop', decision: 'allow' })
    expect(served.records.at(-1)).toMatchObject({ actor: 'keyed', decision: 'allow' })
  })

  it('is asked by commands', async () => {
    const context = { ...settings(), random: systemRandom, folder: new DataFolder(files.path('none')) }
    const who = await askService(context, {}, ({ api }) => api.ask<Whoami>('/v1/whoami'))
    expect(who).toMatchObject({ name: 'shop', roles: ['all'] })
  })

  it('is not to be had without one, and half a setting is told', async () => {
    const none = { KEYPLANE_SERVICE_CLIENT_CERT: '', KEYPLANE_SERVICE_CLIENT_KEY: '', KEYPLANE_SERVICE_TOKEN: key }
    const provider = await openProvider('service', settings(none))
    await expect(provider.get({ id: 'payments/apiKey' })).rejects.toMatchObject({ code: 'unavailable' })
    await provider.close?.()
    await expect(openProvider('service', settings({ KEYPLANE_SERVICE_CLIENT_KEY: '' }))).rejects.toThrow('one needs')
    const wrong = settings({ KEYPLANE_SERVICE_CACERT: files.path('nothing.pem') })
    await expect(openProvider('service', wrong)).rejects.toMatchObject({ code: 'config_invalid' })
  })
})
