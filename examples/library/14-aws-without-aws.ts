/**
 * AWS Secrets Manager's API without AWS: a Keyplane store in a temporary folder, and the same `aws` source that a program
 * has in production. `keyplane dev` starts such a store by itself.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { openSecrets, TextValue } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'
import { parseIam, startStore } from '@keyplane/store'

const folder = mkdtempSync(join(tmpdir(), 'keyplane-example-'))
const developer = { accessKeyId: 'AKIADEVELOPER0000001', secretAccessKey: 'developer-secret-access-key-01' }
const store = await startStore({
  databasePath: join(folder, 'store.sqlite'),
  rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
  iam: parseIam(
    JSON.stringify({
      account: '000000000000',
      users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] }],
    }),
  ),
  port: 0,
})

const aws = awsProvider({ region: 'eu-central-1', endpoint: store.url, credentials: developer })
const put = (value: string) =>
  aws.write?.put({ id: 'app/db' }, new TextValue(value), { idempotencyKey: crypto.randomUUID() })
await put('{ "username": "app", "password": "first-password-0001" }')
await put('{ "username": "app", "password": "second-password-0002" }')

const secrets = openSecrets({ providers: [aws], environment: false, cacheTtl: '5m' })
const database = await secrets.getSecretJson<{ username: string; password: string }>('app/db')
console.log(`${database?.username}, ${database?.password.startsWith('second') ? 'the second password' : 'another one'}`)

const [step] = (await secrets.explain('app/db')).steps
console.log(
  `${step?.source}: ${step?.result}, ${step?.stages?.join()}, fresh for ${Math.round((step?.ttlLeftMs ?? 0) / 60_000)} minutes`,
)

const before = await secrets.read({ id: 'app/db', stage: 'previous' })
console.log(`the one before: ${before?.version.version === step?.version ? 'the same' : 'another version'}`)

await secrets.close()
await store.close()
rmSync(folder, { recursive: true })

// prints:
// app, the second password
// aws: answered, current, fresh for 5 minutes
// the one before: another version
