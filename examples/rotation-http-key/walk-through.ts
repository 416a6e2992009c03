/**
 * The key of an HTTP API is rotated while a program uses it. The program keeps what it read for an hour, and is told nothing
 * of a rotation. The second one meets an API that makes a key and dies before it says so.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { systemClock, systemRandom } from '@keyplane/core'
import { httpKeyRotator, rotationEngine } from '@keyplane/rotation'
import { fileRootKey } from '@keyplane/sealing'
import { openSecrets } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'
import { parseIam, startStore } from '@keyplane/store'
import { journalFile } from './journal-file.ts'
import { KeyApi } from './key-api.ts'
import { keyCalls } from './key-calls.ts'
import { SecretsManagerVersions } from './stored-versions.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyplane-example-'))
const credentials = { accessKeyId: 'AKIAEXAMPLEOPERATOR0', secretAccessKey: 'example-operator-secret-access-key' }
const operator = { name: 'operator', accessKeys: [credentials], policies: ['AdministratorAccess'] }
const store = await startStore({
  databasePath: join(folder, 'store.sqlite'),
  rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
  iam: parseIam(JSON.stringify({ accounts: { '111111111111': { users: [operator] } } })),
  port: 0,
})
const at = { endpoint: store.url, region: 'eu-central-1', credentials }
const client = new SecretsManagerClient(at)
const api = await new KeyApi().start()
const first = api.makeKey()
await client.send(new CreateSecretCommand({ Name: 'shop/api-key', SecretString: JSON.stringify(first) }))

// The program: all that it knows of keys is their secret's name.
const secrets = openSecrets({ providers: [awsProvider(at)], environment: false, cacheTtl: '1h' })
const askApi = (): Promise<void> =>
  secrets.withSecret('shop/api-key', async (text) => {
    const { key } = JSON.parse(text) as { readonly key: string }
    const { status } = await fetch(`${api.endpoint}/v1/me`, { headers: { authorization: `Bearer ${key}` } })
    if (status !== 200) throw Object.assign(new Error(`The API answered ${status}.`), { status })
  })
const asked = { answered: 0, failed: 0, isOver: false }
const asking = (async () => {
  while (!asked.isOver) {
    await askApi().then(
      () => (asked.answered += 1),
      () => (asked.failed += 1),
    )
    await setTimeout(2)
  }
})()

// What rotates: a job of yours, in any number of processes over one journal.
const { journal, close } = await journalFile(join(folder, 'rotations.sqlite'))
const rotator = httpKeyRotator({ endpoint: api.endpoint, clock: systemClock, ...keyCalls('{{by.key}}') })
const steps: string[] = []
const engine = rotationEngine({
  journal,
  versions: new SecretsManagerVersions(client),
  rotators: [rotator],
  clock: systemClock,
  random: systemRandom,
  observer: { step: ({ effect, outcome }) => void (effect && steps.push(`${effect} ${outcome}`)) },
})
const rotate = async (): Promise<string> => {
  steps.length = 0
  await engine.begin({ secretId: 'shop/api-key', rotator: rotator.name })
  for (;;) {
    const { status, ...found } = await engine.advance('shop/api-key')
    if (status === 'ended' && 'rotation' in found) return `${found.rotation.state}: ${steps.join(', ')}`
    await setTimeout(50)
  }
}

console.log(`the first rotation\n  ${await rotate()}`)
api.losesAnswer = true
console.log(`one whose API dies before it answers\n  ${await rotate()}`)
console.log(`the API\n  valid keys: ${api.keys.size}, the first one among them: ${api.accepts(first.key)}`)

asked.isOver = true
await asking
console.log(`the program\n  failed: ${asked.failed}, answered: ${asked.answered > 10 ? 'all others' : asked.answered}`)

await secrets.close()
rotator.close?.()
await close()
await api.stop()
client.destroy()
await store.close()
rmSync(folder, { recursive: true })

// prints:
// the first rotation
//   finished: check done, create done, set done, test done, promote done, verify done, retire done
// one whose API dies before it answers
//   finished: check done, create failed, create done, set done, test done, promote done, verify done, retire done
// the API
//   valid keys: 1, the first one among them: false
// the program
//   failed: 0, answered: all others
