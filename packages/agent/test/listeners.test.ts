import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { request } from 'node:http'
import { Agent, request as requestByTls, type RequestOptions } from 'node:https'
import { connect as connectByTls } from 'node:tls'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { TestAuthority, written } from './certificates.ts'
import { startTestAgent as start } from './start-test-agent.ts'
import { testFolder } from './test-folder.ts'
import { token } from './token.ts'

let folder: string
beforeEach(() => {
  folder = testFolder()
})

interface Answered {
  readonly status: number
  readonly body: string
}

const path = '/secretsmanager/get?secretId=MyTest'
const send = (options: RequestOptions, by = request): Promise<Answered> =>
  new Promise((resolve, reject) => {
    by({ path, agent: false, ...options }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
const shown = { 'X-Vault-Token': token }

describe('the loopback listener', () => {
  it('is on ::1 too, at the same port, as far as there is one', async () => {
    const { agent, port } = await start({})
    expect(agent.addresses[0]).toBe(`http://127.0.0.1:${port}`)
    if (!agent.addresses.includes(`http://[::1]:${port}`)) return
    expect((await send({ host: '::1', port, headers: { ...shown, host: `[::1]:${port}` } })).status).toBe(200)
    expect((await send({ host: '::1', port, headers: { ...shown, host: 'evil.example' } })).status).toBe(403)
  })

  it('does without ::1 where another program has it', async () => {
    const other = createServer()
    const free = await new Promise<number>((resolve) => {
      other.once('error', () => resolve(0))
      other.listen(0, '::1', () => resolve((other.address() as { port: number }).port))
    })
    const { agent, log } = await start({ port: free })
    if (free > 0) {
      expect(agent.addresses).toEqual([`http://127.0.0.1:${free}`])
      expect(log.lines.join('\n')).toContain('Not listening on ::1: Could not bind')
    }
    other.close()
  })
})

describe('all listeners together', () => {
  it('have one max_conn, and let what runs on any of them end', async () => {
    const socketPath = join(folder, 'agent.sock')
    const toml = `max_conn = 1\n[keyplane]\nsocket_path = "${socketPath}"\nvault_port = 0`
    const { agent, port, source } = await start({ toml })
    let release = (): void => {}
    source.gate = new Promise((resolve) => {
      release = resolve
    })
    const slow = send({ socketPath, headers: shown })
    await expect.poll(() => source.reads).toBe(1)
    expect(await send({ port, headers: shown })).toEqual({ status: 429, body: 'Connection limit exceeded' })
    const vault = { port: agent.vaultPort ?? 0, path: '/v1/secret/data/MyTest', headers: shown }
    expect(await send(vault)).toEqual({ status: 429, body: '{"errors":["Connection limit exceeded"]}' })
    const closing = agent.close()
    release()
    expect((await slow).status).toBe(200)
    await closing
    for (const options of [{ port }, { socketPath }, vault])
      await expect(send(options)).rejects.toMatchObject({ code: expect.stringMatching(/^(ECONNREFUSED|ENOENT)$/) })
  })

  it('are all gone where one of them can’t be had', async () => {
    const { agent, port } = await start({})
    const other = createServer()
    const taken = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    await agent.close()
    await expect(start({ port, toml: `[keyplane]\nvault_port = ${taken}` })).rejects.toThrow(
      `Could not bind to 127.0.0.1:${taken}: another program uses that port; stop it, or choose another with vault_port.`,
    )
    other.close()
    expect((await start({ port })).port).toBe(port)
  })
})

describe('the Unix socket', () => {
  const withSocket = (mode = ''): { socketPath: string; toml: string } => {
    const socketPath = join(folder, 'agent.sock')
    return { socketPath, toml: `[keyplane]\nsocket_path = "${socketPath}"\n${mode}` }
  }

  it('answers with the token, whatever the Host, and nobody without', async () => {
    const { socketPath, toml } = withSocket()
    await start({ toml })
    for (const host of ['localhost', 'agent', 'evil.example'])
      expect((await send({ socketPath, headers: { ...shown, host } })).status).toBe(200)
    expect(await send({ socketPath })).toEqual({ status: 403, body: 'Bad Token' })
    expect((await send({ socketPath, headers: { ...shown, 'X-Forwarded-For': '1' } })).status).toBe(403)
  })

  it('is its owner’s alone, or has the mode that the configuration says', async () => {
    const { socketPath, toml } = withSocket()
    const { agent } = await start({ toml })
    expect(statSync(socketPath).mode & 0o777).toBe(0o600)
    await agent.close()
    await start({ toml: `${toml}socket_mode = "0660"` })
    expect(statSync(socketPath).mode & 0o777).toBe(0o660)
  })

  it('is gone at the end, and one that was left behind is in nobody’s way', async () => {
    const { socketPath, toml } = withSocket()
    const { agent } = await start({ toml })
    await expect(start({ toml })).rejects.toThrow('another program listens there')
    await agent.close()
    expect(existsSync(socketPath)).toBe(false)
    await leaveSocketBehind(socketPath)
    await start({ toml })
    expect((await send({ socketPath, headers: shown })).status).toBe(200)
  })

  it('takes no file’s place', async () => {
    const { socketPath, toml } = withSocket()
    writeFileSync(socketPath, 'precious')
    await expect(start({ toml })).rejects.toThrow(/is no socket/)
    expect(statSync(socketPath).isFile()).toBe(true)
  })
})

/** As a process leaves one that is killed. */
const leaveSocketBehind = async (path: string): Promise<void> => {
  const { execFileSync } = await import('node:child_process')
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', script])
  } catch {
    // Killed, as it was to be.
  }
  expect(existsSync(path)).toBe(true)
}

describe('a listener for other machines', () => {
  const client = '[[keyplane.clients]]\nname = "app"\ntoken = "env://APP_TOKEN"\nsecrets = ["My*"]\n'
  const env = { AWS_TOKEN: token, APP_TOKEN: 'the-token-of-app' }
  const appShown = { 'X-Vault-Token': 'the-token-of-app' }

  const withTls = async (more: string, clients: string) => {
    const authority = new TestAuthority('test authority')
    const leaf = authority.issue('agent', ['agent.test', '127.0.0.1'])
    const certificate = written(join(folder, 'cert.pem'), leaf.certificate)
    const key = written(join(folder, 'key.pem'), leaf.key)
    const listen = `[[keyplane.listen]]\naddress = "127.0.0.1"\nport = 0\ncertificate = "${certificate}"\nkey = "${key}"\n`
    const clock = fakeClock()
    const { agent, log } = await start({ clock, toml: `${listen}${more}${clients}`, env })
    const port = Number(
      agent.addresses
        .find((address) => address.startsWith('https:'))
        ?.split(':')
        .at(-1),
    )
    const ask = (options: RequestOptions): Promise<Answered> =>
      send({ host: '127.0.0.1', servername: 'agent.test', port, ca: authority.certificate, ...options }, requestByTls)
    /** The file's new content has been there for as long as the agent waits. */
    const look = () => clock.advance(2_000)
    return { agent, ask, port, authority, certificate, key, look, log }
  }

  it('takes clients’ tokens, each for its scope, and not the agent’s own', async () => {
    const { ask } = await withTls('', client)
    expect((await ask({ headers: appShown })).status).toBe(200)
    expect((await ask({ headers: appShown, path: '/v1/Other' })).status).toBe(403)
    expect(await ask({ headers: shown })).toEqual({ status: 403, body: 'Bad Token' })
  })

  it('takes the names that its certificate is for as Host, and no others', async () => {
    const { ask, port } = await withTls('', client)
    for (const host of ['agent.test', `agent.test:${port}`, `127.0.0.1:${port}`])
      expect((await ask({ headers: { ...appShown, host } })).status).toBe(200)
    for (const host of ['evil.example', 'localhost', '127.0.0.2', 'agent.test.evil.example', '[::1]'])
      expect(await ask({ headers: { ...appShown, host } })).toEqual({ status: 403, body: 'Unknown host' })
  })

  it('refuses this machine’s names to plain requests too, which could be answered without a look at Host', async () => {
    const { port, authority } = await withTls('', client)
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectByTls({ port, host: '127.0.0.1', servername: 'agent.test', ca: authority.certificate })
      socket.once('data', (chunk) => {
        socket.destroy()
        resolve(String(chunk))
      })
      socket.on('error', reject)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: the-token-of-app\r\n\r\n`)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 403 [^]*Unknown host$/)
  })

  it('lets nobody in without a certificate where one is asked for; then the agent’s own token counts too', async () => {
    const clientAuthority = new TestAuthority('client authority')
    const ca = written(join(folder, 'clients.pem'), clientAuthority.certificate)
    const { ask, authority } = await withTls(`client_ca = "${ca}"\n`, '')
    const { certificate: cert, key } = clientAuthority.issue('app')
    expect((await ask({ headers: shown, cert, key })).status).toBe(200)
    expect(await ask({ cert, key })).toEqual({ status: 403, body: 'Bad Token' })
    await expect(ask({ headers: shown })).rejects.toMatchObject({
      code: expect.stringMatching(/^(ERR_SSL|ECONNRESET)/),
    })
    const foreign = authority.issue('app')
    await expect(ask({ headers: shown, cert: foreign.certificate, key: foreign.key })).rejects.toMatchObject({
      code: expect.stringMatching(/^(ERR_SSL|ECONNRESET)/),
    })
  })

  it('shows its new certificate to new connections, under its new names, and leaves open ones alone', async () => {
    const { ask, authority, certificate, key, look, port } = await withTls('', client)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await ask({ headers: appShown, agent })).status).toBe(200)
    const renewed = authority.issue('agent', ['renewed.test'])
    written(certificate, renewed.certificate)
    written(key, renewed.key)
    await look()
    const host = `renewed.test:${port}`
    expect((await ask({ headers: { ...appShown, host }, servername: 'renewed.test' })).status).toBe(200)
    await expect(ask({ headers: appShown })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect((await ask({ headers: { ...appShown, host: 'agent.test' }, servername: 'renewed.test' })).status).toBe(403)
    expect((await ask({ headers: { ...appShown, host }, agent })).status).toBe(200)
    agent.destroy()
  })

  it.each<[string, (files: { certificate: string; key: string }) => void]>([
    ['of two halves', ({ key }) => written(key, new TestAuthority('another').issue('agent').key)],
    ['without a certificate', ({ certificate }) => written(certificate, 'nothing\n')],
    ['that are gone', ({ certificate }) => rmSync(certificate)],
  ])('keeps its certificate where it finds files %s, and says so once', async (_, spoil) => {
    const { ask, authority, certificate, key, look, log } = await withTls('', client)
    spoil({ certificate, key })
    for (let second = 0; second < 5; second += 1) await look()
    expect((await ask({ headers: appShown })).status).toBe(200)
    expect(log.lines.filter((line) => line.includes('goes on with the certificate that it had'))).toHaveLength(1)
    const renewed = authority.issue('agent', ['agent.test', '127.0.0.1'])
    written(certificate, renewed.certificate)
    written(key, renewed.key)
    await look()
    expect((await ask({ headers: appShown })).status).toBe(200)
    expect(log.lines.at(-1)).not.toContain('goes on')
    expect(log.lines.some((line) => line.includes('since it changed'))).toBe(true)
  })

  it('takes certificates of the authority that client_ca has become, and of the former one no more', async () => {
    const [former, latter] = [new TestAuthority('former'), new TestAuthority('latter')]
    const ca = written(join(folder, 'clients.pem'), former.certificate)
    const { ask, look } = await withTls(`client_ca = "${ca}"\n`, '')
    const [old, young] = [former.issue('app'), latter.issue('app')]
    expect((await ask({ headers: shown, cert: old.certificate, key: old.key })).status).toBe(200)
    written(ca, latter.certificate)
    await look()
    expect((await ask({ headers: shown, cert: young.certificate, key: young.key })).status).toBe(200)
    await expect(ask({ headers: shown, cert: old.certificate, key: old.key })).rejects.toMatchObject({
      code: expect.stringMatching(/^(ERR_SSL|ECONNRESET)/),
    })
  })

  it('does not keep the agent from ending, whatever a handshake waits for', async () => {
    const { agent, port } = await withTls('', client)
    const { connect } = await import('node:net')
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    await agent.close(50)
    socket.destroy()
  })

  it('holds nothing for a client that does not take its certificate', async () => {
    const { agent, ask } = await withTls('', client)
    await expect(ask({ headers: appShown, servername: 'other.test' })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    const beganAtMs = performance.now()
    await agent.close()
    expect(performance.now() - beganAtMs).toBeLessThan(5_000)
  })

  it('answers a client that has closed its side by TLS', async () => {
    const { port, authority } = await withTls('', client)
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectByTls({ port, host: '127.0.0.1', servername: 'agent.test', ca: authority.certificate })
      let received = ''
      socket.on('data', (chunk) => {
        received += String(chunk)
      })
      socket.on('end', () => resolve(received))
      socket.on('error', reject)
      socket.end(`GET ${path} HTTP/1.1\r\nHost: agent.test\r\nX-Vault-Token: the-token-of-app\r\n\r\n`)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('says in one sentence what is wrong with its files', async () => {
    await expect(
      start({
        toml: `[[keyplane.listen]]\naddress = "127.0.0.1"\nport = 0\ncertificate = "${folder}/none.pem"\nkey = "x"\n${client}`,
        env,
      }),
    ).rejects.toThrow(`The file ${folder}/none.pem can't be read (ENOENT).`)
  })

  it('refuses an authority’s file without a certificate in it', async () => {
    const { certificate, key } = new TestAuthority('server').issue('localhost')
    const files = `certificate = "${written(join(folder, 'c.pem'), certificate)}"\nkey = "${written(join(folder, 'c.key'), key)}"`
    const ca = written(join(folder, 'empty-ca.pem'), '\n')
    await expect(
      start({
        toml: `[[keyplane.listen]]\naddress = "127.0.0.1"\nport = 0\n${files}\nclient_ca = "${ca}"\n`,
        env,
      }),
    ).rejects.toThrow(`The file ${ca} of client_ca holds no certificate.`)
  })
})
