/**
 * Reading without waiting, for code that cannot wait: what was preloaded or read before is there at once. It stays current
 * as any cached value does; an expired one is asked for again behind the caller's back.
 */
import { openSecrets } from '@keyplane/secrets'
import { PretendVault } from './pretend-vault.ts'

const vault = new PretendVault({ SESSION_KEY: 'cobalt-heron-7781', CSRF_KEY: 'umber-ibis-3310' })
const secrets = openSecrets({ providers: [vault], environment: false })

// All of them, or one error with a line for each that is missing.
await secrets.preload(['SESSION_KEY', 'CSRF_KEY'])

const sign = (text: string): string => `${text}.${secrets.getSecretSync('SESSION_KEY')?.length}`
console.log(sign('hello'))
console.log(`calls: ${vault.calls}`)

try {
  secrets.getSecretSync('OTHER_KEY')
} catch (error) {
  console.log((error as Error).message)
}

await secrets.close()

// prints:
// hello.17
// calls: 2
// The secret "OTHER_KEY" was not read yet: await preload(["OTHER_KEY"]) at the start.
