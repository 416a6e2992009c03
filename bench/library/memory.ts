/** `node --expose-gc memory.ts env|idle|cached`: prints the bytes that one such manager keeps after a collection. */
import { TextValue } from '@keyplane/core'
import { openSecrets, type SecretsManager } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'

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

/** Many of them, since one is less than the heap's own noise. */
const perManager = async (open: () => Promise<SecretsManager>): Promise<number> => {
  const count = 500
  const kept = [await open()]
  const before = await usedBytes()
  for (let index = 0; index < count; index += 1) kept.push(await open())
  const bytes = ((await usedBytes()) - before) / count
  await Promise.all(kept.map((manager) => manager.close()))
  return bytes
}

const openEnv = async (): Promise<SecretsManager> => {
  const manager = openSecrets({ provider: 'env', env: { KEY: 'value', SECRETS_ENV_FOLDER: '/nonexistent' } })
  await manager.getSecret('KEY')
  return manager
}

const openIdle = async (): Promise<SecretsManager> =>
  openSecrets({ providers: [awsProvider({ env })], env: {}, environment: false })

const text = 'x'.repeat(1_024)
const names = Array.from({ length: 101 }, (_, index) => `memory/${index}`)

const cached = async (): Promise<number> => {
  const aws = awsProvider({ env })
  for (const [index, id] of names.entries())
    await aws.write?.put({ id }, new TextValue(text), {
      idempotencyKey: `bench-secret-of-the-memory-${String(index).padStart(8, '0')}`,
      ifVersion: null,
    })
  const secrets = openSecrets({ providers: [aws], env: {}, environment: false, strict: true })
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

const readAnew = async (secrets: SecretsManager, name: string): Promise<void> => {
  await secrets.refresh(name)
  await secrets.getSecret(name)
}

const scenarios: Readonly<Record<string, () => Promise<number>>> = {
  env: () => perManager(openEnv),
  idle: () => perManager(openIdle),
  cached,
}
const scenario = scenarios[process.argv[2] ?? '']
if (!scenario || !gc) throw new Error('Usage: node --expose-gc memory.ts env|idle|cached')
process.stdout.write(String(await scenario()))
