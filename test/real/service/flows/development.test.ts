import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MotoServer, motoOptions } from '../../aws-sources/moto-server.ts'
import { CountingFront } from '../counting-front.ts'
import { ServiceProcess } from '../service-process.ts'

const moto = new MotoServer()
const aws = new CountingFront(() => moto.endpoint)
let client: SecretsManagerClient
let service: ServiceProcess

beforeAll(async () => {
  await moto.start()
  await aws.start()
  client = new SecretsManagerClient({ ...motoOptions, endpoint: moto.endpoint })
  for (const name of ['payments/api-key', 'mail/smtp'])
    await client.send(new CreateSecretCommand({ Name: name, SecretString: `${name} of AWS` }))
  const { accessKeyId, secretAccessKey } = motoOptions.credentials
  service = new ServiceProcess({
    env: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: motoOptions.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    config: {
      environments: { development: { source: 'memory' } },
      tools: {
        payments: { settings: { baseUrl: 'https://api.example.com' }, secrets: { apiKey: 'payments/api-key' } },
        mail: { secrets: { smtp: 'mail/smtp' } },
      },
    },
    files: {
      // What holds in development alone.
      'keyplane-service.development.yaml': JSON.stringify({
        environment: { source: 'aws', cache: 'local', ttl: '2s', pollInterval: 0, fallback: [{ env: '.env.dev' }] },
        tools: { payments: { settings: { baseUrl: 'http://localhost:4000' } } },
      }),
      '.env.dev': 'PAYMENTS_API_KEY=of the file\nMAIL_SMTP=also of the file\n',
    },
  })
}, 60_000)

afterAll(async () => {
  await service?.remove()
  await aws.stop().catch(() => undefined)
  await moto.stop()
})

/** Where each secret came from, as the start says it. */
const warmed = (): string | undefined => service.process?.stderr.split('\n').find((line) => line.includes('warmed'))

const stale = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_100))

describe('the development flow', () => {
  it('starts with the secrets of AWS, by the configuration of the environment, and says where each came from', async () => {
    await service.start()
    await expect.poll(warmed).toContain('"from":"aws"')
    expect(warmed()).not.toContain('fallback')
    const { body } = await service.configuration('payments', 'development')
    expect(body).toMatchObject({ status: 'ok', settings: { baseUrl: 'http://localhost:4000' } })
    expect(body.secrets['apiKey']).toMatchObject({ value: 'payments/api-key of AWS', source: 'aws' })
  })

  it('answers from the local cache while that is fresh', async () => {
    await service.configuration('payments', 'development')
    const before = aws.asked.length
    for (let ask = 0; ask < 5; ask += 1)
      expect((await service.configuration('payments', 'development')).body.status).toBe('ok')
    expect(aws.asked).toHaveLength(before)
  })

  it('asks AWS for the one secret that is asked for and not cached, and keeps it', async () => {
    await client.send(new PutSecretValueCommand({ SecretId: 'payments/api-key', SecretString: 'the second' }))
    await stale()
    const before = aws.asked.length
    const { body } = await service.configuration('payments', 'development')
    expect(body.secrets['apiKey']).toMatchObject({ value: 'the second', source: 'aws' })
    const asked = aws.asked.slice(before)
    expect(asked.filter((what) => !what.includes('payments/api-key'))).toEqual([])
    expect(asked.length).toBeGreaterThan(0)
    await service.configuration('payments', 'development')
    expect(aws.asked.slice(before)).toEqual(asked)
  })

  it('gives what .env.dev has when AWS goes away, and calls that degraded', async () => {
    await aws.stop()
    await stale()
    const { body } = await service.configuration('mail', 'development')
    expect(body.status).toBe('degraded')
    expect(body.secrets['smtp']).toMatchObject({ value: 'also of the file', source: 'env' })
  })

  it('starts without AWS by .env.dev, and says so', async () => {
    await service.stop()
    await service.start()
    await expect.poll(warmed, { timeout: 10_000 }).toContain('"result":"fallback"')
    const { body } = await service.configuration('payments', 'development')
    expect(body).toMatchObject({ status: 'degraded' })
    expect(body.secrets['apiKey']).toMatchObject({ value: 'of the file', source: 'env' })
  })

  it('goes back to AWS by itself when that is back', async () => {
    await aws.start()
    const source = async (): Promise<string | undefined> =>
      (await service.configuration('payments', 'development')).body.secrets['apiKey']?.source
    await expect.poll(source, { timeout: 30_000, interval: 500 }).toBe('aws')
    expect((await service.configuration('payments', 'development')).body.status).toBe('ok')
  })

  it('tells no value at the start, nor in a log', () => {
    const said = `${service.process?.stdout}${service.process?.stderr}`
    for (const value of ['of AWS', 'of the file', 'the second']) expect(said).not.toContain(value)
  })
})
