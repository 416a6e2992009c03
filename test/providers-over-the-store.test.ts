import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAgentConfig, startAgent } from '@keyplane/agent'
import { type SecretProvider, systemRandom } from '@keyplane/core'
import { agentProvider, awsProvider } from '@keyplane/providers'
import { fileRootKey } from '@keyplane/sealing'
import { parseIam, type RunningStore, startStore } from '@keyplane/store'
import { describeProvider, type ProviderLimits, type SeedSecret } from '@keyplane/testkit'
import { describe, it } from 'vitest'

const account = '000000000000'
const developer = { accessKeyId: 'AKIADEVELOPER0000001', secretAccessKey: 'developer-secret-access-key-01' }
const token = 'test-token-0123456789'

const limits: ProviderLimits = {
  empty: 'AWS keeps no empty value',
  awkwardNames: 'AWS’s names have fewer characters',
  babble: 'the store speaks sense',
}

/** A store that holds the seed, and a provider that speaks to it. Ended once, whoever asks. */
const start = async (seed: readonly SeedSecret[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-store-'))
  const store: RunningStore = await startStore({
    databasePath: join(folder, 'store.sqlite'),
    rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
    iam: parseIam(
      JSON.stringify({
        account,
        users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess', 'NotThat'] }],
        policies: {
          NotThat: {
            Version: '2012-10-17',
            Statement: { Effect: 'Deny', Action: '*', Resource: 'arn:aws:secretsmanager:*:*:secret:*DENIED*' },
          },
        },
      }),
    ),
    port: 0,
  })
  const aws: SecretProvider = awsProvider({ region: 'eu-west-1', endpoint: store.url, credentials: developer })
  for (const [index, { name, value }] of seed.entries())
    await aws.write?.put({ id: name }, value, {
      idempotencyKey: `9999999${index % 10}-0000-4000-8000-00000000000${index}`,
    })
  return {
    aws,
    stop: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

describeProvider(
  'aws over the store',
  async (seed) => {
    const { aws, stop } = await start(seed)
    return { provider: aws, deniedId: 'DENIED', silence: stop, stop }
  },
  { describe, it },
  limits,
)

describeProvider(
  'agent over aws over the store',
  async (seed) => {
    const { aws, stop } = await start(seed)
    const quiet = (): void => {}
    const agent = await startAgent({
      config: parseAgentConfig('http_port = 0'),
      source: aws,
      env: { AWS_TOKEN: token },
      log: { level: 'info', debug: quiet, info: quiet, warn: quiet, error: quiet },
      announce: quiet,
    })
    let ended: Promise<void> | undefined
    const end = (): Promise<void> => (ended ??= agent.close().then(stop))
    return { provider: agentProvider({ endpoint: agent.url, token }), deniedId: 'DENIED', silence: end, stop: end }
  },
  { describe, it },
  limits,
)
