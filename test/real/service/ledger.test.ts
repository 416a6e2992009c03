import { randomBytes } from 'node:crypto'
import { systemClock, systemRandom } from '@keyplane/core'
import { openState } from '@keyplane/service'
import { afterAll, beforeAll } from 'vitest'
import { stateLedger } from '../../../packages/service/src/alerts/state-ledger.ts'
import { describeLedger } from '../../../packages/service/test/describe-ledger.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await ScratchServer.start()
}, 60_000)
afterAll(() => server.stop())

describeLedger('PostgreSQL, by two services', async () => {
  const url = await server.createDatabase(`ledger_${randomBytes(6).toString('hex')}`)
  const open = () => openState({ url }, { clock: systemClock, random: systemRandom })
  const states = [await open(), await open()] as const
  return {
    ledgers: [stateLedger(states[0]), stateLedger(states[1])],
    remove: async () => {
      for (const state of states) await state.close()
    },
  }
})
