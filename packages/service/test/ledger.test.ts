import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import { memoryLedger } from '../src/alerts/alert-ledger.ts'
import { stateLedger } from '../src/alerts/state-ledger.ts'
import { openState } from '../src/index.ts'
import { describeLedger } from './describe-ledger.ts'

describeLedger('memory', async () => {
  const ledger = memoryLedger()
  return { ledgers: [ledger, ledger], remove: async () => {} }
})

describeLedger('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-ledger-'))
  const state = await openState({ file: join(folder, 'service.db') }, { clock: systemClock, random: systemRandom })
  return {
    ledgers: [stateLedger(state), stateLedger(state)],
    remove: async () => {
      await state.close()
      rmSync(folder, { recursive: true })
    },
  }
})
