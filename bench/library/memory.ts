/** `node --expose-gc memory.ts env|manager|idle|cached`: prints the bytes that one such thing keeps after a collection. */
import { randomBytes, randomUUID } from 'node:crypto'
import { openSecrets } from '@keyplane/secrets'
import { awsProvider, envProvider } from '@keyplane/secrets/providers'

const env = process.env as Readonly<Record<string, string>>
const { gc } = globalThis as { gc?: () => void }

const usedBytes = async (): Promise<number> => {
  // Finalizers and closed handles need a turn of the event loop each.
  for (let turn = 0; turn < 5; turn += 1) {
    gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

interface Closable {
  close?(): Promise<void>
}

/** Many of them, since one is less than the heap's own noise. */
const perOne = async (open: () => Promise<Closable>): Promise<number> => {
  const count = 500
  const kept = [await open()]
  const before = await usedBytes()
  for (let index = 0; index < count; index += 1) kept.push(await open())
  const bytes = ((await usedBytes()) - before) / count
  for (const one of kept) await one.close?.()
  return bytes
}

const openEnv = async (): Promise<Closable> => {
  const provider = envProvider({ env: { KEY: 'value' }, folder: '/nonexistent' })
  await provider.get({ id: 'KEY' })
  return provider
}

const openManager = async (): Promise<Closable> => {
  const manager = openSecrets({ provider: 'env', env: { KEY: 'value', SECRETS_ENV_FOLDER: '/nonexistent' } })
  await manager.getSecret('KEY')
  return manager
}

const openIdle = async (): Promise<Closable> =>
  openSecrets({ providers: [awsProvider({ env })], env: {}, environment: false })

/** What the registry keeps has a row of its own. */
const values = { note: () => {}, hold: () => {}, release: () => {}, size: 0 }
const names = Array.from({ length: 101 }, (_, index) => `memory/${index}`)

/** AWS's answer, out of a text as it comes from the network: sockets and their buffers are not the cache's. */
const answerOf = (Name: string): unknown =>
  JSON.parse(
    JSON.stringify({
      ARN: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${Name}-AbCdEf`,
      Name,
      VersionId: randomUUID(),
      VersionStages: ['AWSCURRENT'],
      CreatedDate: 1_763_000_000.125,
      SecretString: randomBytes(512).toString('hex'),
    }),
  )

const cached = async (): Promise<number> => {
  const call = async (_operation: string, { SecretId = '' }: { readonly SecretId?: string }) => answerOf(SecretId)
  const aws = awsProvider({ client: { call: call as never }, env })
  const secrets = openSecrets({ providers: [aws], env: {}, environment: false, strict: true, values })
  await secrets.getSecret('memory/100')
  // The code that reads is compiled and its caches filled before anything is counted.
  for (let turn = 0; turn < 3; turn += 1) for (const name of names) await readAnew(secrets, name)
  await secrets.refresh()
  const before = await usedBytes()
  for (const name of names.slice(0, 100)) await secrets.getSecret(name)
  const bytes = (await usedBytes()) - before
  await secrets.close()
  return bytes
}

const readAnew = async (secrets: ReturnType<typeof openSecrets>, name: string): Promise<void> => {
  await secrets.refresh(name)
  await secrets.getSecret(name)
}

const scenarios: Readonly<Record<string, () => Promise<number>>> = {
  env: () => perOne(openEnv),
  manager: () => perOne(openManager),
  idle: () => perOne(openIdle),
  cached,
}
const scenario = scenarios[process.argv[2] ?? '']
if (!scenario || !gc) throw new Error('Usage: node --expose-gc memory.ts env|manager|idle|cached')
process.stdout.write(String(await scenario()))
