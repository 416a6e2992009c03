/**
 * One tool in three environments, asked for over HTTP. Its secrets come from a Keyplane store (as from AWS), from files and
 * from a dotenv file; then the store goes away. The program that asks is the same all the time, and is told the truth.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type AuditRecord, revealText, systemClock, systemRandom } from '@keyplane/core'
import { serviceClient } from '@keyplane/protocol'
import { fileRootKey } from '@keyplane/sealing'
import { newApiKey, parseServiceConfig, startService } from '@keyplane/service'
import { parseIam, startStore } from '@keyplane/store'

const folder = mkdtempSync(join(tmpdir(), 'keyplane-example-'))
const credentials = { accessKeyId: 'AKIAEXAMPLEOPERATOR0', secretAccessKey: 'example-operator-secret-access-key' }
const operator = { name: 'operator', accessKeys: [credentials], policies: ['AdministratorAccess'] }
const store = await startStore({
  databasePath: join(folder, 'store.sqlite'),
  rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
  iam: parseIam(JSON.stringify({ accounts: { '111111111111': { users: [operator] } } })),
  port: 0,
})
const aws = new SecretsManagerClient({ endpoint: store.url, region: 'eu-central-1', credentials })
await aws.send(new CreateSecretCommand({ Name: 'payments/api-key', SecretString: 'key-of-production' }))

mkdirSync(join(folder, 'staging/payments'), { recursive: true })
writeFileSync(join(folder, 'staging/payments/api-key'), 'key-of-staging')
writeFileSync(join(folder, '.env.dev'), 'PAYMENTS_API_KEY=key-of-development\n')

const shop = newApiKey(systemRandom)
const text = `
listen: { port: 0 }
environments:
  production: { source: aws, cache: local, ttl: 1s, maxStale: 1h, pollInterval: 0, fallback: none }
  staging: { source: file, mount: staging }
  development:
    source: aws
    variables: { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' }   # nobody is there
    fallback: [{ env: .env.dev }]
tools:
  payments:
    settings: { baseUrl: https://api.example.com, timeoutMs: 3000 }
    secrets: { apiKey: payments/api-key }
  ledger:
    secrets: { password: { ref: payments/api-key, maxStale: 0 } }
clients:
  shop: { keys: ['${shop.hash}'], roles: [payments] }
roles:
  payments: { allow: [{ actions: ['configuration:read'], environments: ['*'], tools: [payments, ledger] }],
              deny: [{ actions: ['*'], environments: [development], tools: [ledger] }] }
`
const records: AuditRecord[] = []
const service = await startService({
  config: parseServiceConfig({ path: join(folder, 'keyplane-service.yaml'), text }),
  env: {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: store.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  },
  clock: systemClock,
  random: systemRandom,
  log: { warn: () => {}, error: () => {} },
  audit: { append: async (record) => void records.push(record) },
})
await service.warmed

const client = serviceClient({ endpoint: service.url, fetch, token: () => shop.key })

/** What the program is told of a tool, in a line. */
const told = async (environment: string, tool = 'payments'): Promise<string> => {
  try {
    const { status, secrets, errors } = await client.toolConfiguration(environment, tool)
    const given = [...secrets].map(
      ([name, { value, source, stale }]) => `${name} = ${revealText(value)} from ${source}${stale ? ', stale' : ''}`,
    )
    return [status, ...given, ...errors.map(({ secret, code }) => `no ${secret}: ${code}`)].join(' · ')
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string }
    return `${code}: ${message}`
  }
}

for (const environment of ['production', 'staging', 'development'])
  console.log(`${environment}\n  ${await told(environment)}`)
console.log(`development, of the ledger\n  ${await told('development', 'ledger')}`)

await store.close()
await setTimeout(1_100)
console.log(`production, when its source is away and the value is out of date\n  ${await told('production')}`)
console.log(`a secret that is never to be old\n  ${await told('production', 'ledger')}`)

const of = (decision: string): readonly string[] =>
  records.filter((record) => record.decision === decision).map(({ actor, resource }) => `${actor} ${resource}`)
console.log(`the record\n  delivered: ${of('allow').join(', ')}\n  refused: ${of('deny').join(', ')}`)

aws.destroy()
await service.close()
rmSync(folder, { recursive: true })

// prints:
// production
//   ok · apiKey = key-of-production from aws
// staging
//   ok · apiKey = key-of-staging from file
// development
//   degraded · apiKey = key-of-development from env
// development, of the ledger
//   access_denied: You may not read the configuration of "ledger" in "development".
// production, when its source is away and the value is out of date
//   degraded · apiKey = key-of-production from aws, stale
// a secret that is never to be old
//   incomplete · no password: unavailable
// the record
//   delivered: shop production/payments/apiKey, shop staging/payments/apiKey, shop development/payments/apiKey, shop production/payments/apiKey
//   refused: shop development/ledger
