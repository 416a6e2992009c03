import { randomBytes } from 'node:crypto'
import { systemRandom } from '@keyplane/core'
import { openState } from '@keyplane/service'
import { afterAll, beforeAll } from 'vitest'
import { describeRefusals } from '../../../packages/service/test/describe-refusals.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await ScratchServer.start()
}, 60_000)
afterAll(() => server.stop())

describeRefusals('PostgreSQL', async () => {
  const url = await server.createDatabase(`refusals_${randomBytes(6).toString('hex')}`)
  return { open: (clock) => openState({ url }, { clock, random: systemRandom }), remove: async () => undefined }
})
