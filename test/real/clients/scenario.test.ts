import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { type RunningStore, startStore } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import conformance from '../conformance.json' with { type: 'json' }
import type { AwsClient } from './call-client.ts'
import { clients } from './clients.ts'
import { callersOfScenario } from './scenario/callers.ts'
import { lifeOfASecret } from './scenario/life-of-a-secret.ts'
import { manySecrets } from './scenario/many-secrets.ts'
import { neighbours } from './scenario/neighbours.ts'
import { policiesAndReplicas } from './scenario/policies-and-replicas.ts'
import { UnknownOperation, Use } from './scenario/step.ts'

const steps = [...lifeOfASecret, ...manySecrets, ...policiesAndReplicas, ...neighbours]
const folder = mkdtempSync(join(tmpdir(), 'scenario-'))
const committed: Readonly<Record<string, unknown>> = conformance.clients
let store: RunningStore
let webIdentityToken: string

beforeAll(async () => {
  const callers = await callersOfScenario()
  webIdentityToken = callers.webIdentityToken
  const rootKey = fileRootKey({ path: join(folder, 'root.key'), random: systemRandom })
  store = await startStore({ databasePath: join(folder, 'store.sqlite'), rootKey, iam: callers.iam, port: 0 })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

describe.each(clients.map((kind) => [kind.name, kind] as const))('%s', (name, { missing, start }) => {
  let client: AwsClient | undefined
  let use: Use
  let passed = 0

  beforeAll(() => {
    if (missing !== undefined) return
    client = start(store.url)
    use = new Use(client, { prefix: name.toLowerCase().replaceAll(/[^a-z]+/g, '-'), webIdentityToken })
  })
  afterAll(() => client?.close())

  const rows = steps.map((step, index) => [index + 1, step.name, step] as const)
  it.for(rows)('%d. %s', async ([, , step], { skip }) => {
    if (missing !== undefined) return skip(missing)
    try {
      await use.run(step)
      passed += 1
    } catch (error) {
      if (!(error instanceof UnknownOperation)) throw error
      skip(`its version does not know ${error.message}`)
    }
  })

  it('is answered in what docs/conformance.md says', ({ skip }) => {
    if (client === undefined) return skip(missing)
    const operations = Object.fromEntries([...use.operations].sort(([one], [two]) => (one < two ? -1 : 1)))
    const result = { version: client.version, steps: `${passed} of ${steps.length}`, operations }
    mkdirSync('.results/clients', { recursive: true })
    writeFileSync(`.results/clients/${name}.json`, JSON.stringify(result))
    expect(result, 'run: node -C source tools/conformance.ts --write').toEqual(committed[name])
  })
})
