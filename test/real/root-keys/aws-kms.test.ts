import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bareEnvironment,
  type Environment,
  type Finished,
  keyplane,
} from '../../../packages/cli/test/keyplane-process.ts'
import { MotoServer, motoOptions } from '../aws-sources/moto-server.ts'
import { RealPlane } from '../start-plane.ts'

const moto = new MotoServer()
const plane = new RealPlane()
let keys: readonly string[] = []
let env: Environment = {}

beforeAll(async () => {
  await moto.start()
  const { credentials } = motoOptions
  const kms = new KMSClient({ region: motoOptions.region, credentials: { ...credentials }, endpoint: moto.endpoint })
  const make = async (): Promise<string> => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
  keys = [await make(), await make()]
  kms.destroy()
  env = {
    ...bareEnvironment(plane.cwd),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_KMS: moto.endpoint,
  }
})
afterAll(async () => {
  await plane.remove()
  await moto.stop()
})

const run = (...args: string[]): Promise<Finished> => keyplane(args, { cwd: plane.cwd, env }).finished
const start = (key: string | undefined): Promise<unknown> =>
  plane.start('store', { env: { ...env, KEYPLANE_ROOT_KEY_SOURCE: `aws-kms:${key}` } })

describe('a store whose root key is in AWS KMS', () => {
  it('keeps no root key of its own, and opens again with the same key', async () => {
    await start(keys[0])
    const { code } = await plane.inShell([
      'sh',
      '-c',
      'echo one | keyplane -q set kept -; test ! -e .keyplane/root.key',
    ])
    expect(code).toBe(0)
    await plane.stop()
    await start(keys[0])
    expect((await plane.inShell(['keyplane', 'get', 'kept', '--reveal'])).stdout.trim()).toBe('one')
    await plane.stop()
    expect(await run('store', 'verify', '--root-key', `aws-kms:${keys[0]}`)).toMatchObject({ code: 0 })
  })

  it('is refused with another key, without the service, and with a key file; nothing is changed', async () => {
    const other = await run('store', '--port', '0', '--root-key', `aws-kms:${keys[1]}`)
    expect(other).toMatchObject({ code: 78, stderr: expect.stringContaining('root key comes from `aws-kms:') })
    expect((await run('store', '--port', '0')).code).toBe(78)
    const away = keyplane(['store', '--port', '0', '--root-key', `aws-kms:${keys[0]}`], {
      cwd: plane.cwd,
      env: { ...env, AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:9' },
    })
    expect((await away.finished).code).toBe(5)
    await start(keys[0])
    expect((await plane.inShell(['keyplane', 'get', 'kept', '--reveal'])).stdout.trim()).toBe('one')
    await plane.stop()
  })

  it('goes over to another key, to a file and back; a key that there is not changes nothing', async () => {
    const [one, other] = keys.map((key) => `aws-kms:${key}`) as [string, string]
    const verified = async (key: string): Promise<number> => (await run('store', 'verify', '--root-key', key)).code
    expect(await run('store', 'rekey', '--root-key', one, '--to', `${one}0`)).not.toMatchObject({ code: 0 })
    expect(await verified(one)).toBe(0)
    expect(await run('store', 'rekey', '--root-key', one, '--to', other)).toMatchObject({ code: 0 })
    expect([await verified(one), await verified(other)]).toEqual([78, 0])
    expect(await run('store', 'rekey', '--root-key', other)).toMatchObject({ code: 0 })
    expect([await verified(other), await verified('file')]).toEqual([78, 0])
    const back = await run('store', 'rekey', '--to', one, '--json')
    expect(JSON.parse(back.stdout)).toMatchObject({ rotated: true, rootKey: one })
    expect(await run('store', 'rekey', '--root-key', one, '--to', one, '--json')).toMatchObject({
      stdout: '{"rotated":false}\n',
    })
    await start(keys[0])
    expect((await plane.inShell(['keyplane', 'get', 'kept', '--reveal'])).stdout.trim()).toBe('one')
  })
})
