import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeAccounts } from './describe-accounts.ts'

describeAccounts('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-state-'))
  return {
    database: { file: join(folder, 'service.db') },
    remove: async () => rmSync(folder, { recursive: true }),
  }
})
