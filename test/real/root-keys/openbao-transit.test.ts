import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bareEnvironment,
  type Environment,
  type Finished,
  keyplane,
} from '../../../packages/cli/test/keyplane-process.ts'
import { BaoServer } from '../openbao/bao-server.ts'
import { RealPlane } from '../start-plane.ts'

const bao = new BaoServer()
const plane = new RealPlane()
let env: Environment = {}

beforeAll(async () => {
  await bao.startDev()
  await bao.done('POST', 'sys/mounts/transit', { type: 'transit' })
  for (const key of ['plane', 'other']) await bao.done('POST', `transit/keys/${key}`, {})
  env = { ...bareEnvironment(plane.cwd), KEYPLANE_OPENBAO_ADDR: bao.endpoint, KEYPLANE_OPENBAO_TOKEN: bao.rootToken }
})
afterAll(async () => {
  await plane.remove()
  await bao.remove()
})

const run = (...args: string[]): Promise<Finished> => keyplane(args, { cwd: plane.cwd, env }).finished
const start = (key: string): Promise<unknown> =>
  plane.start('store', { env: { ...env, KEYPLANE_ROOT_KEY_SOURCE: `openbao:${key}` } })
const revealed = async (): Promise<string> =>
  (await plane.inShell(['keyplane', 'get', 'kept', '--reveal'])).stdout.trim()

describe('a store whose root key is in OpenBao', () => {
  it('keeps no root key of its own, and opens again with the same key', async () => {
    await start('plane')
    const write = 'echo one | keyplane -q set kept -; test ! -e .keyplane/root.key'
    expect((await plane.inShell(['sh', '-c', write])).code).toBe(0)
    await plane.stop()
    await start('plane')
    expect(await revealed()).toBe('one')
    await plane.stop()
  })

  it('goes on when the key was rotated: what is wrapped says under which version', async () => {
    await bao.done('POST', 'transit/keys/plane/rotate')
    await start('plane')
    expect(await revealed()).toBe('one')
    await plane.stop()
  })

  it('goes over to another key, to a file and back; a key that there is not changes nothing', async () => {
    const verified = async (key: string): Promise<number> => (await run('store', 'verify', '--root-key', key)).code
    const rekey = async (...flags: string[]): Promise<number> => (await run('store', 'rekey', ...flags)).code
    expect(await rekey('--root-key', 'openbao:plane', '--to', 'openbao:absent mount/none')).toBe(78)
    expect(await rekey('--root-key', 'openbao:plane', '--to', 'openbao:nowhere/none')).not.toBe(0)
    expect(await verified('openbao:plane')).toBe(0)
    expect(await rekey('--root-key', 'openbao:plane', '--to', 'openbao:other')).toBe(0)
    expect([await verified('openbao:plane'), await verified('openbao:other')]).toEqual([78, 0])
    expect([await rekey('--root-key', 'openbao:other'), await rekey('--to', 'openbao:plane')]).toEqual([0, 0])
    expect([await verified('file'), await verified('openbao:plane')]).toEqual([78, 0])
    await start('plane')
    expect(await revealed()).toBe('one')
    await plane.stop()
  })

  it('is refused with another key, without OpenBao, and while it is sealed; nothing is changed', async () => {
    expect(await run('store', '--port', '0', '--root-key', 'openbao:other')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('root key comes from `openbao:transit/') as string,
    })
    expect((await run('store', '--port', '0', '--root-key', 'openbao:no key')).code).toBe(78)
    const away = keyplane(['store', '--port', '0', '--root-key', 'openbao:plane'], {
      cwd: plane.cwd,
      env: { ...env, KEYPLANE_OPENBAO_ADDR: 'http://127.0.0.1:9' },
    })
    expect((await away.finished).code).toBe(5)
    await bao.done('PUT', 'sys/seal')
    expect((await run('store', '--port', '0', '--root-key', 'openbao:plane')).code).toBe(5)
  })
})
