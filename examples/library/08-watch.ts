/**
 * Being told of changes. A source that pushes them is followed; any other is looked at every `pollInterval` (1 min).
 * `onChange` calls a function, `watch` is a loop.
 */
import { openSecrets } from '@keyplane/secrets'
import { PretendVault } from './pretend-vault.ts'

const vault = new PretendVault({ TLS_KEY: 'first-key-0001', API_KEY: 'second-key-0002' }, { pushes: true })
const secrets = openSecrets({ providers: [vault], environment: false })
await secrets.preload(['TLS_KEY', 'API_KEY'])

// A listener gets the new text, or nothing where the secret is gone.
const reloaded = new Promise<void>((resolve) => {
  const stop = secrets.onChange('TLS_KEY', (secret, { version }) => {
    console.log(
      `TLS_KEY: ${secret === undefined ? 'gone' : 'reloaded'}, version known: ${version?.version !== undefined}`,
    )
    stop()
    resolve()
  })
})
await vault.rotate('TLS_KEY', 'third-key-0003')
await reloaded

// The loop gives changes from its start on, and of several of one key the last.
const changes = secrets.watch(['API_KEY'])
setImmediate(() => void vault.rotate('API_KEY', 'fourth-key-0004'))
for await (const { key, before } of changes) {
  console.log(`${key}: changed, from another version: ${before !== undefined}`)
  break
}

await secrets.close()

// prints:
// TLS_KEY: reloaded, version known: true
// API_KEY: changed, from another version: true
