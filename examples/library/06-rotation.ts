/**
 * A rotation that nobody notices. The cache keeps a password for an hour; the database takes a new one in the middle of
 * the traffic. `withSecret` sees the refusal, reads the secret anew, once for all, and runs the query again.
 */
import { openSecrets } from '@keyplane/secrets'
import { PretendVault } from './pretend-vault.ts'

const vault = new PretendVault({ 'app/db-password': 'first-password-0001' })
let accepted = 'first-password-0001'
let refusals = 0

/** A database's driver: what it throws is what PostgreSQL says. */
const query = async (password: string): Promise<number> => {
  await Promise.resolve()
  if (password === accepted) return 42
  refusals += 1
  throw Object.assign(new Error('password authentication failed'), { code: '28P01' })
}

const secrets = openSecrets({ providers: [vault], environment: false, cacheTtl: '1h' })
const run = (): Promise<number> => secrets.withSecret('app/db-password', query)

console.log(`before: ${await run()}`)

await vault.rotate('app/db-password', 'second-password-0002')
accepted = 'second-password-0002'

const answers = await Promise.all(Array.from({ length: 200 }, run))
console.log(`after: ${answers.filter((answer) => answer === 42).length} of ${answers.length} answered`)
console.log(
  `refused on the way: ${refusals > 0}; calls to the vault: ${vault.calls < 20 ? 'fewer than 20' : vault.calls}`,
)

// An error that is no refusal is the caller's: nothing is read or run again.
const failure = await secrets
  .withSecret('app/db-password', () => Promise.reject(new Error('relation "users" does not exist')))
  .catch((error: Error) => error.message)
console.log(`other errors pass: ${failure}`)

await secrets.close()

// prints:
// before: 42
// after: 200 of 200 answered
// refused on the way: true; calls to the vault: fewer than 20
// other errors pass: relation "users" does not exist
