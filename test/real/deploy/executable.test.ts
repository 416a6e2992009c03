import { readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TestAuthority, written } from '../../../packages/agent/test/certificates.ts'
import { runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { freePort } from '../openbao/bao-server.ts'
import { requiredTool } from '../required-tool.ts'
import { builtExecutable } from './built-executable.ts'
import { ExecutableAgent, token } from './executable-agent.ts'

let executable: string
let agent: ExecutableAgent
const servers: { close(): unknown }[] = []

beforeAll(() => {
  executable = builtExecutable()
})
beforeEach(async () => {
  agent = await new ExecutableAgent(executable).prepare()
})
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await agent.remove()
})

const first = { status: 200, text: expect.stringContaining('"SecretString":"first"') }
const curl = async (url: string, ...args: readonly string[]): Promise<string> => {
  const all = ['--silent', '--noproxy', '*', '--write-out', ' %{http_code}', '--header', `X-Vault-Token: ${token}`]
  return (await runProgram(requiredTool('curl'), [...all, ...args, url], { cwd: agent.folder.path })).stdout
}

describe('the executable, as a command', () => {
  it.each(['keyplane-agent', 'aws_secretsmanager_agent'])('goes by the name it is called by: %s', async (name) => {
    const path = agent.folder.at(name)
    symlinkSync(executable, path)
    const help = await agent.run(['--help'], path)
    expect([help.code, help.stdout.split('\n')[0], help.stderr]).toEqual([0, `Usage: ${name} [-c FILE]`, ''])
    expect(await agent.run(['--version'], path)).toMatchObject({ code: 0, stdout: 'keyplane-agent 0.1.0\n' })
    const wrong = await agent.run(['--nonsense'], path)
    expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([1, '', expect.stringContaining(`Usage: ${name} `)])
    expect(await agent.run(['sm', 'start', '--nonsense'], path)).toMatchObject({ code: 2 })
    expect(await agent.run(['-c', 'nowhere.toml'], path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nowhere.toml'),
    })
  })

  it('reads nothing that lies in the folder it starts in', async () => {
    writeFileSync(agent.folder.at('.env'), 'AWS_TOKEN=another\n')
    writeFileSync(agent.folder.at('bunfig.toml'), 'preload = ["./bad.js"]\n')
    writeFileSync(agent.folder.at('bad.js'), 'process.exit(9)\n')
    await agent.start({ env: { AWS_TOKEN: undefined, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } })
    expect(await agent.read()).toMatchObject(first)
  })

  it('says which sources it can’t have', async () => {
    for (const source of ['gcp', 'azure'])
      await expect(agent.start({ toml: `http_port = 0\n[keyplane]\nsource = "${source}"\n` })).rejects.toThrow(
        `It ended with 1 before it was ready: keyplane-agent carries no SDK for keyplane.source = "${source}".`,
      )
  })

  it('is asked by itself whether it is ready', async () => {
    const toml = `http_port = ${await freePort()}\n`
    const running = await agent.start({ toml })
    expect(await agent.run(['--healthcheck', '-c', 'agent.toml'])).toMatchObject({ code: 0, stdout: 'ready\n' })
    await running.stop()
    expect(await agent.run(['--healthcheck', '-c', 'agent.toml'])).toMatchObject({ code: 1 })
  })
})

describe('the executable, as an agent', () => {
  it.each([
    ['the AWS agent', ['--config'], 'http_port = 0\nlog_to_file = true\nTTL_SECONDS = "60"\n'],
    [
      'its successor',
      ['sm', 'start', '--config'],
      '[logging]\nlog_to_file = true\n[capabilities.secrets_manager]\nhttp_port = 0\n[capabilities.secrets_manager.cache]\nttl_seconds = 60\n',
    ],
  ])('takes the configuration of %s, logs to its file and ends in peace', async (_, [...args], toml) => {
    const running = await agent.start({ toml, args: args.slice(0, -1) })
    expect(await agent.read()).toMatchObject(first)
    expect(await running.stop()).toMatchObject({ code: 0, stderr: '' })
    const log = readFileSync(agent.folder.at('logs/secrets_manager_agent.log'), 'utf8')
    expect(log).toContain('Listening on')
    for (const secret of ['"first"', token, 'canary-key']) expect(log).not.toContain(secret)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('answers what runs before it ends by %s', async (signal) => {
    const running = await agent.start()
    agent.aws.delayMs = 500
    const answer = agent.read()
    await expect.poll(() => agent.aws.calls.some(({ operation }) => operation === 'GetSecretValue')).toBe(true)
    running.child.kill(signal)
    expect(await answer).toMatchObject(first)
    expect(await running.finished).toMatchObject({ code: 0, stderr: '' })
  })

  it('gives back what only the start needed of its own file, and answers on', async () => {
    const running = await agent.start()
    const fileMb = (): number => {
      const status = readFileSync(`/proc/${running.child.pid}/status`, 'latin1')
      return Number(/^RssFile:\s+(\d+)/m.exec(status)?.[1]) / 1_024
    }
    expect(fileMb()).toBeGreaterThan(30)
    await expect.poll(fileMb, { timeout: 10_000 }).toBeLessThan(25)
    expect(await agent.read()).toMatchObject(first)
  })

  it('shares its port with nobody', async () => {
    const running = await agent.start()
    const port = /:(\d+)$/.exec(agent.url)?.[1]
    await expect(agent.start({ toml: `http_port = ${port}\n` })).rejects.toThrow('another program uses that port')
    expect(running.child.exitCode).toBeNull()
  })

  it('follows its token file', async () => {
    await agent.start()
    expect((await agent.read('one', 'second token')).status).toBe(403)
    writeFileSync(agent.folder.at('token.new'), 'second token\n')
    renameSync(agent.folder.at('token.new'), agent.folder.at('token'))
    await expect.poll(async () => (await agent.read('one', 'second token')).status, { timeout: 5_000 }).toBe(200)
    expect((await agent.read()).status).toBe(403)
  })

  it('notes reads in an audit log, and verifies it', async () => {
    const running = await agent.start({ own: 'audit_folder = "audit"' })
    await agent.read()
    await running.stop()
    const verify = () => agent.run(['audit', 'verify', 'audit'])
    expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ .* 2 records, none edited/) })
    const [file = ''] = readdirSync(agent.folder.at('audit'))
    const text = readFileSync(agent.folder.at('audit', file), 'utf8')
    writeFileSync(agent.folder.at('audit', file), text.replace('"fetched"', '"hit"'))
    expect(await verify()).toMatchObject({ code: 6 })
  })

  it('gives what it kept while AWS is away', async () => {
    writeFileSync(agent.folder.at('key'), `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 })
    const args = ['--persist', 'cache', '--persist-key', 'key']
    const before = await agent.start({ args })
    await agent.read()
    await before.stop()
    expect(readFileSync(agent.folder.at('cache')).includes('first')).toBe(false)
    agent.aws.faults['*'] = 'reset'
    await agent.start({ args, toml: 'http_port = 0\nvalidate_credentials = false\n' })
    expect(await agent.read()).toMatchObject(first)
  })

  it('reads by roles, and what it is to have at hand', async () => {
    agent.aws.add('app/a', 'prefetched')
    await agent.start({ toml: 'http_port = 0\n[prefetch]\nsecrets = [{ secret_id = "app/a" }]\n' })
    await expect.poll(async () => (await agent.get('/readyz')).text).toBe('ready')
    agent.aws.taken()
    expect((await agent.read('app/a')).text).toContain('prefetched')
    expect(agent.aws.taken()).toEqual([])
    expect(await agent.read('one&roleArn=arn:aws:iam::123456789012:role/reader')).toMatchObject(first)
    expect(agent.aws.calls.map(({ operation, keyId }) => [operation, keyId])).toEqual([
      ['AssumeRole', 'AKIDEXAMPLE'],
      ['GetSecretValue', 'ASIA-reader'],
    ])
  })

  it('speaks as Vault does, gives a field alone, and counts', async () => {
    agent.aws.add('app', '{"password":"s3cret"}')
    await agent.start({ own: 'vault_mounts = ["secret"]' })
    expect((await agent.get('/v1/secret/data/app')).text).toContain('"data":{"password":"s3cret"}')
    expect(await agent.read('app&jsonKey=password')).toEqual({ status: 200, text: 's3cret' })
    expect((await agent.get('/metrics')).text).toContain('keyplane_agent_reads_total{outcome="hit"} 1')
  })

  it('knows users at its Unix socket, without another package', async () => {
    const path = agent.folder.at('agent.sock')
    const socket = `socket_path = "${path}"\n`
    const ask = () => curl('http://localhost/secretsmanager/get?secretId=one', '--unix-socket', path)
    const user = process.getuid?.() ?? 0
    const other = await agent.start({ own: `${socket}socket_users = ["${user + 1}"]` })
    expect(await ask()).toBe(' 000')
    await other.stop()
    await agent.start({ own: `${socket}[[keyplane.clients]]\nname = "app"\nuser = "${user}"\nsecrets = ["two"]` })
    expect(await ask()).toMatch(/The client \\"app\\" may not read \\"one\\"\."} 403$/)
  })

  it('listens at a Unix socket, and by TLS for those with a certificate', async () => {
    const [servers, clients] = [new TestAuthority('servers'), new TestAuthority('clients')]
    const file = (name: string, text: string): string => written(agent.folder.at(name), text)
    const leaf = servers.issue('agent', ['127.0.0.1'])
    const own = clients.issue('app')
    const port = await freePort()
    await agent.start({
      own: `socket_path = "${agent.folder.at('agent.sock')}"
[[keyplane.listen]]
address = "127.0.0.1"
port = ${port}
certificate = "${file('cert.pem', leaf.certificate)}"
key = "${file('key.pem', leaf.key)}"
client_ca = "${file('clients.pem', clients.certificate)}"
`,
    })
    const path = '/secretsmanager/get?secretId=one'
    expect(await curl(`http://localhost${path}`, '--unix-socket', agent.folder.at('agent.sock'))).toMatch(/ 200$/)
    const tls = ['--cacert', file('ca.pem', servers.certificate)]
    const mine = ['--cert', file('app.pem', own.certificate), '--key', file('app-key.pem', own.key)]
    expect(await curl(`https://127.0.0.1:${port}${path}`, ...tls, ...mine)).toMatch(/ 200$/)
    expect(await curl(`https://127.0.0.1:${port}${path}`, ...tls)).toBe(' 000')
  })
})

describe('the executable and AWS', () => {
  const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }

  it('finds the credentials of an instance, a container, a profile and a program', async () => {
    const { server, origin } = await credentialServer()
    servers.push(server)
    const sources: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'ASIA-served': { AWS_EC2_METADATA_SERVICE_ENDPOINT: origin },
      'ASIA-container': {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/container`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x',
      },
      AKFILE: { AWS_SHARED_CREDENTIALS_FILE: agent.folder.at('credentials') },
      AKPROGRAM: { AWS_CONFIG_FILE: agent.folder.at('config') },
    }
    const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = s\n`
    writeFileSync(agent.folder.at('credentials'), `[default]\n${keys('AKFILE')}`)
    writeFileSync(agent.folder.at('answer'), '{"Version":1,"AccessKeyId":"AKPROGRAM","SecretAccessKey":"s"}')
    writeFileSync(agent.folder.at('config'), `[default]\ncredential_process = cat ${agent.folder.at('answer')}\n`)
    for (const [keyId, env] of Object.entries(sources)) {
      const running = await agent.start({ env: { ...noKeys, ...env } })
      expect(await agent.read()).toMatchObject(first)
      expect(agent.aws.calls.splice(0).map((call) => call.keyId)).toEqual([keyId, keyId])
      await running.stop()
    }
  })

  it('asks AWS by TLS, and trusts whom it is told to, and nobody else', async () => {
    const authority = new TestAuthority('servers')
    const { certificate: cert, key } = authority.issue('aws', ['127.0.0.1'])
    const upstream = Number(new URL(agent.endpoint).port)
    const front = createTlsServer({ cert, key }, (socket) => {
      const onward = connect(upstream, '127.0.0.1')
      socket
        .on('error', () => onward.destroy())
        .pipe(onward.on('error', () => socket.destroy()))
        .pipe(socket)
    })
    front.on('tlsClientError', () => {})
    servers.push(front)
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    const toml = `http_port = 0\nvalidate_credentials = false\n[keyplane]\nendpoint = "https://127.0.0.1:${(front.address() as AddressInfo).port}"\n`
    const env = { NODE_EXTRA_CA_CERTS: written(agent.folder.at('ca.pem'), authority.certificate) }
    const trusting = await agent.start({ toml, env })
    expect(await agent.read()).toMatchObject(first)
    await trusting.stop()
    await agent.start({ toml, env: { NODE_EXTRA_CA_CERTS: undefined } })
    expect((await agent.read()).status).toBe(502)
  })
})

/** Credentials as an instance's metadata and a container's agent give them. */
const credentialServer = async (): Promise<{ readonly server: Server; readonly origin: string }> => {
  const server = createServer(({ url = '' }, response) => {
    if (url.endsWith('/api/token')) response.end('session')
    else if (url.endsWith('/security-credentials/')) response.end('role')
    else {
      const AccessKeyId = url === '/container' ? 'ASIA-container' : 'ASIA-served'
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      response.end(JSON.stringify({ Code: 'Success', AccessKeyId, SecretAccessKey: 's', Token: 't', Expiration }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
