import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ssmProvider } from '@keyplane/secrets/providers'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseAgentConfig } from '../src/config.ts'
import { type RunningAgent, startAgent } from '../src/start-agent.ts'
import { memoryLog } from './memory-log.ts'
import { OneSecret } from './one-secret.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

const stored: Readonly<Record<string, object>> = {
  '/app/key': { Type: 'String', Value: 'plain', Version: 3, LastModifiedDate: 1_569_534_789.5 },
  '/app/key:2': { Type: 'String', Value: 'before', Version: 2, LastModifiedDate: 1_569_534_780 },
  '/app/key:blue': { Type: 'String', Value: 'labelled', Version: 1, LastModifiedDate: 1_569_534_770 },
  '/app/hidden': { Type: 'SecureString', Value: 'decrypted', Version: 1, LastModifiedDate: 1_569_534_789.046 },
}
const arn = 'arn:aws:ssm:us-east-1:123456789012:parameter/app/key'

/** Parameter Store's GetParameter, as far as it is asked for here. */
const ssmDouble = (): { readonly server: Server; readonly asked: string[] } => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => {
      const { Name: name } = JSON.parse(body) as { Name: string }
      asked.push(name)
      const parameter = stored[name.replace(/^arn:.*:parameter/, '')]
      response.writeHead(parameter ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' })
      const [plain = ''] = name.split(/:(?=[^:]*$)/)
      const own = { Name: plain, ARN: `arn:aws:ssm:us-east-1:123456789012:parameter${plain}`, DataType: 'text' }
      response.end(
        JSON.stringify(parameter ? { Parameter: { ...own, ...parameter } } : { __type: 'ParameterNotFound' }),
      )
    })
  })
  return { server, asked }
}

let running: { agent: RunningAgent; server: Server } | undefined
beforeEach(() => async () => {
  await running?.agent.close()
  running?.server.closeAllConnections()
  running?.server.close()
  running = undefined
})

const start = async ({ toml = '', isOn = true }: { toml?: string; isOn?: boolean } = {}) => {
  const { server, asked } = ssmDouble()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clock = fakeClock()
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'k' }
  const agent = await startAgent({
    config: parseAgentConfig(`http_port = 0\n${toml}`),
    source: new OneSecret(),
    ...(isOn && { parameters: ssmProvider({ region: 'us-east-1', endpoint, credentials, clock }) }),
    env: { AWS_TOKEN: token, APP_TOKEN: 'app-token' },
    log: memoryLog(),
    announce: () => {},
    clock,
    random: seededRandom(1),
  })
  running = { agent, server }
  const get = async (target: string, shown = token): Promise<Answer> => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: localhost', `X-Aws-Parameters-Secrets-Token: ${shown}`, '', '']
    return parseAnswer(await exchange(agent.port, [head.join('\r\n')], { answers: 1 }))
  }
  const ask = (query: string, shown?: string): Promise<Answer> => get(`/systemsmanager/parameters/get?${query}`, shown)
  return { ask, get, asked, clock }
}

describe('a parameter', () => {
  it('has the extension’s answer, and is asked for once', async () => {
    const { ask, asked } = await start()
    for (const name of ['%2Fapp%2Fkey', '/app/key'])
      expect(await ask(`name=${name}`)).toMatchObject({
        status: 200,
        body:
          `{"Parameter":{"ARN":"${arn}","DataType":"text","LastModifiedDate":"2019-09-26T21:53:09.5Z",` +
          '"Name":"/app/key","Selector":null,"SourceResult":null,"Type":"String","Value":"plain","Version":3},' +
          '"ResultMetadata":{}}',
      })
    expect(asked).toEqual(['/app/key'])
  })

  it.each([
    ['version=2', '":2"', '"before"'],
    ['label=blue', '":blue"', '"labelled"'],
  ])('is found by %s', async (query, selector, value) => {
    const { body } = await (await start()).ask(`name=/app/key&${query}`)
    expect(body).toContain(`"Selector":${selector},`)
    expect(body).toContain(`"Value":${value},`)
  })

  it('that is encrypted is given where its plain text was asked for, and only there', async () => {
    const { ask } = await start()
    for (const query of ['name=/app/hidden', 'name=/app/hidden&withDecryption=false']) {
      const { status, body } = await ask(query)
      expect(status).toBe(400)
      expect(body).not.toContain('decrypted')
      expect(body).toContain('ask for it with withDecryption=true')
    }
    expect((await ask('name=/app/hidden&withDecryption=true')).body).toContain('"Value":"decrypted"')
  })

  it('that can’t be had is not covered by what is kept of a secret of its name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
    const [file, key] = [join(folder, 'cache'), join(folder, 'key')]
    writeFileSync(key, Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 })
    const { ask, get, clock } = await start({
      toml: `[keyplane]\npersist_file = "${file}"\npersist_key_file = "${key}"\n`,
    })
    expect((await get('/secretsmanager/get?secretId=MyTest')).body).toContain('the value')
    running?.server.closeAllConnections()
    running?.server.close()
    const pace = { isWaiting: true }
    const answer = ask('name=MyTest').finally(() => {
      pace.isWaiting = false
    })
    // For the attempts that follow the first.
    while (pace.isWaiting) await clock.advance(100)
    const { status, body } = await answer
    expect([status, body]).toEqual([502, expect.not.stringContaining('the value')])
    rmSync(folder, { recursive: true })
  })

  it('that is not there has AWS’s own error', async () => {
    const { status, body } = await (await start()).ask('name=/none')
    expect([status, body]).toEqual([400, '{"__type":"ParameterNotFound"}'])
  })

  it('is not looked for without a token, nor where the dialect is off', async () => {
    const { ask, asked } = await start()
    expect(await ask('name=/app/key', 'wrong')).toMatchObject({ status: 403, body: 'Bad Token' })
    expect(await ask('')).toMatchObject({ status: 400, body: 'missing parameter name' })
    expect(asked).toEqual([])
  })

  it('is no path of an agent that was not told to', async () => {
    const { ask } = await start({ isOn: false })
    expect(await ask('name=/app/key')).toMatchObject({ status: 404, body: 'Not found' })
  })

  it('is a client’s where its parameters name it: secrets of that name are none', async () => {
    const client = (scope: string): string =>
      `[[keyplane.clients]]\nname = "app"\ntoken = "env://APP_TOKEN"\n${scope} = ["/app/*"]\n`
    const { ask } = await start({ toml: client('parameters') })
    expect((await ask('name=/app/key', 'app-token')).status).toBe(200)
    expect((await ask(`name=${arn}`, 'app-token')).status).toBe(200)
    expect((await ask('name=/other/key', 'app-token')).status).toBe(403)
    await running?.agent.close()
    running?.server.close()
    const other = await start({ toml: client('secrets') })
    expect((await other.ask('name=/app/key', 'app-token')).status).toBe(403)
  })
})
