import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock, systemRandom } from '@keyplane/core'
import { expect, it } from 'vitest'
import { openState } from '../src/index.ts'
import { stateRefusals } from '../src/state/state-refusals.ts'
import { describeRefusals } from './describe-refusals.ts'

describeRefusals('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-refusals-'))
  return {
    open: (clock) => openState({ file: join(folder, 'service.db') }, { clock, random: systemRandom }),
    remove: async () => rmSync(folder, { recursive: true }),
  }
})

it('refused logins are kept in a database from before, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-refusals-'))
  const file = join(folder, 'service.db')
  const open = () => openState({ file }, { clock: systemClock, random: systemRandom })
  await (await open()).close()
  const database = new DatabaseSync(file)
  database.exec(`drop table login_refusals; delete from kysely_migration where name = '0003-login-refusals'`)
  database.close()
  const state = await open()
  const refusal = { id: 'attempt', places: ['a hash'], fingerprint: 'another', atMs: systemClock.nowMs() }
  const ledger = stateRefusals(state)
  await ledger.update('role', () => ({ kept: [refusal] }))
  expect((await ledger.update('role', (kept) => ({ kept }))).kept).toEqual([refusal])
  await state.close()
  rmSync(folder, { recursive: true })
})
