import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { CreateSecretCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RealPlane } from '../start-plane.ts'

const plane = new RealPlane()
beforeAll(async () => {
  mkdirSync(plane.folder.at('hangs'))
  const code =
    "export const handler = () => (console.log('called'), new Promise((resolve) => setTimeout(resolve, 60_000)))"
  writeFileSync(plane.folder.at('hangs', 'index.mjs'), code)
  const hangs = { name: 'hangs', runtime: 'nodejs', handler: 'index.handler', folder: 'hangs', timeoutSeconds: 60 }
  writeFileSync(plane.folder.at('functions.json'), JSON.stringify({ functions: [hangs] }))
})
afterAll(() => plane.remove())

describe('a store that is told to end while a rotation function hangs', () => {
  it('ends within ten seconds', async () => {
    await plane.start('store', { flags: ['--functions', 'functions.json', '--threads', '2'] })
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = plane.awsEnvironment
    const client = new SecretsManagerClient({
      region: AWS_REGION,
      endpoint: plane.facts.storeUrl,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    })
    await client.send(new CreateSecretCommand({ Name: 'one', SecretString: 'first' }))
    const RotationLambdaARN = 'arn:aws:lambda:us-east-1:000000000000:function:hangs'
    await client.send(new RotateSecretCommand({ SecretId: 'one', RotationLambdaARN, ClientRequestToken: randomUUID() }))
    client.destroy()
    const log = plane.folder.at('.keyplane', 'functions.log')
    await expect
      .poll(() => existsSync(log) && readFileSync(log, 'utf8'), { timeout: 20_000 })
      .toContain('hangs: called')
    const startedAt = performance.now()
    expect(await plane.stop()).toBe(0)
    const seconds = (performance.now() - startedAt) / 1_000
    console.log(`ended after ${seconds.toFixed(1)} s`)
    expect(seconds).toBeLessThan(10)
  })
})
