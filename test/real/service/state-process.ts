import type { StateDatabase } from '@keyplane/service'
import { serveAccounts } from '../../../packages/service/test/serve-accounts.ts'

/** A service in a process of its own, on the state that its argument names; it prints its address. */
const database = JSON.parse(process.argv[2] ?? '') as StateDatabase
const { service } = await serveAccounts(database, { more: { limits: { unauthenticated: 'none', perClient: 'none' } } })
console.log(service.url)
