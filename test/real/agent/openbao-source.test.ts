import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnvironment, keyplane, type RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { appRole } from '../openbao/bao-roles.ts'
import { BaoServer } from '../openbao/bao-server.ts'

const server = new BaoServer()
const folder = new ScratchFolder()
let agent: RunningProcess
let url = ''

beforeAll(async () => {
  await server.startDev()
  await server.done('POST', 'secret/data/allowed/key', { data: { value: 'the key' } })
  await server.done('POST', 'secret/data/denied/key', { data: { value: 'not for you' } })
  const { roleId, secretId } = await appRole(server, 'agent')
  writeFileSync(folder.at('agent.toml'), 'http_port = 0\nttl_seconds = 1\n[keyplane]\nsource = "openbao"\n')
  const env = {
    ...bareEnvironment(folder.path),
    AWS_TOKEN: 'a token of this test',
    KEYPLANE_OPENBAO_ADDR: server.endpoint,
    KEYPLANE_OPENBAO_ROLE_ID: roleId,
    KEYPLANE_OPENBAO_SECRET_ID: secretId,
  }
  agent = keyplane(['agent', '-c', 'agent.toml'], { cwd: folder.path, env })
  url = /http:\S+/.exec(await agent.firstLine())?.[0] ?? ''
})
afterAll(async () => {
  await agent.stop()
  folder.remove()
  await server.remove()
})

const read = async (id: string): Promise<{ readonly status: number; readonly text: string }> => {
  const headers = { 'X-Aws-Parameters-Secrets-Token': 'a token of this test' }
  const response = await fetch(`${url}/secretsmanager/get?secretId=${id}`, { headers })
  return { status: response.status, text: await response.text() }
}

describe('the agent in front of OpenBao', () => {
  it('gives what the role may read, tells absent from refused, and shows a change after the TTL', async () => {
    expect(JSON.parse((await read('allowed/key')).text)).toMatchObject({ SecretString: 'the key', VersionId: '1' })
    expect(await read('allowed/none')).toMatchObject({ status: 400, text: expect.stringContaining('ResourceNotFound') })
    expect(await read('denied/key')).toMatchObject({ status: 400, text: expect.stringContaining('AccessDenied') })
    await server.done('POST', 'secret/data/allowed/key', { data: { value: 'the new key' } })
    await expect.poll(async () => (await read('allowed/key')).text, { timeout: 5_000 }).toContain('the new key')
  })

  it('covers an outage', async () => {
    await read('allowed/key')
    await server.done('PUT', 'sys/seal')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await read('allowed/key')).text).toContain('the new key')
    expect((await read('allowed/other')).status).toBe(502)
  })
})
