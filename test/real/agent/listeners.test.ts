import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { TestAuthority, written } from '../../../packages/agent/test/certificates.ts'
import { runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { freePort } from '../openbao/bao-server.ts'
import { requiredTool } from '../required-tool.ts'
import { RealPlane } from '../start-plane.ts'
import { TomlAgent } from './toml-agent.ts'

const token = 'a token of this test'

let plane: RealPlane
let agent: TomlAgent

beforeEach(async () => {
  plane = await new RealPlane().start('store')
  Object.assign(process.env, plane.awsEnvironment)
  const store = new SecretsManagerClient()
  for (const Name of ['app/key', 'other/key']) await store.send(new CreateSecretCommand({ Name, SecretString: 'v' }))
  store.destroy()
  agent = new TomlAgent(plane)
  return async () => {
    await agent.stop()
    await plane.remove()
  }
})

/** curl's exit code, and the status and text of the answer. */
const curl = async (url: string, shown: string, ...args: readonly string[]) => {
  const all = ['--silent', '--noproxy', '*', '--write-out', ' %{http_code}', '--header', `X-Vault-Token: ${shown}`]
  const { code, stdout } = await runProgram(requiredTool('curl'), [...all, ...args, url], { cwd: plane.cwd })
  const end = stdout.lastIndexOf(' ')
  return { code, status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) }
}
const plain = (name: string): string => `/secretsmanager/get?secretId=${name}`

describe('curl', () => {
  it('reads through the Unix socket, which nobody else may open and which goes with the agent', async () => {
    const path = plane.folder.at('agent.sock')
    await agent.start('', `socket_path = "${path}"`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await curl(`http://localhost${plain('app/key')}`, token, '--unix-socket', path)).toMatchObject({
      status: 200,
    })
    expect(await curl(`http://anything${plain('app/key')}`, token, '--unix-socket', path)).toMatchObject({
      status: 200,
    })
    expect(await curl(`http://localhost${plain('app/key')}`, 'wrong', '--unix-socket', path)).toMatchObject({
      status: 403,
    })
    await agent.stop()
    expect(existsSync(path)).toBe(false)
  })

  it.runIf(process.getuid?.() === 0)('is known by its user at the socket, which others are cut from', async () => {
    const path = plane.folder.at('agent.sock')
    const [known, unknown] = [40_001, 40_002]
    const client = `[[keyplane.clients]]\nname = "app"\nuser = "${known}"\nsecrets = ["app/*"]`
    await agent.start('', `socket_path = "${path}"\nsocket_mode = "0660"\n${client}`)
    chmodSync(plane.folder.path, 0o755)
    chownSync(path, 0, known)
    const as = (user: number, name: string): string =>
      spawnSync(requiredTool('curl'), ['--silent', '--unix-socket', path, `http://localhost${plain(name)}`], {
        uid: user,
        gid: known,
        cwd: '/',
        encoding: 'utf8',
      }).stdout
    expect(JSON.parse(as(known, 'app/key'))).toMatchObject({ Name: 'app/key', SecretString: 'v' })
    expect(as(known, 'other/key')).toContain('The client \\"app\\" may not read \\"other/key\\".')
    expect(as(unknown, 'app/key')).toContain('Bad Token')
    await agent.stop()
    await agent.start('', `socket_path = "${path}"\nsocket_mode = "0660"\nsocket_users = ["${known}"]`)
    chownSync(path, 0, known)
    expect([as(unknown, 'app/key'), as(known, 'app/key')]).toEqual(['', 'Bad Token'])
  })

  it('reads through the socket of an agent that was killed and started again', async () => {
    const path = plane.folder.at('agent.sock')
    await agent.start('', `socket_path = "${path}"`)
    await agent.process?.stop('SIGKILL')
    expect(existsSync(path)).toBe(true)
    await agent.start('', `socket_path = "${path}"`)
    expect(await curl(`http://localhost${plain('app/key')}`, token, '--unix-socket', path)).toMatchObject({
      status: 200,
    })
  })

  it('reads at ::1 as at 127.0.0.1, where the machine has both', async () => {
    await agent.start()
    if (agent.log.includes('Not listening on ::1')) return
    expect(await curl(`http://[::1]:${agent.port}${plain('app/key')}`, token)).toMatchObject({ status: 200 })
    expect(await curl(`http://localhost:${agent.port}${plain('app/key')}`, token)).toMatchObject({ status: 200 })
  })

  it('reads by TLS with a certificate, or with a client’s token and what its scope names', async () => {
    const [servers, clients] = [new TestAuthority('servers'), new TestAuthority('clients')]
    const file = (name: string, text: string): string => written(plane.folder.at(name), text)
    const leaf = servers.issue('agent', ['agent.test', '127.0.0.1'])
    const own = clients.issue('app')
    const ca = file('servers.pem', servers.certificate)
    const files = `certificate = "${file('cert.pem', leaf.certificate)}"\nkey = "${file('key.pem', leaf.key)}"`
    const asClient = ['--cert', file('app.pem', own.certificate), '--key', file('app-key.pem', own.key)]
    writeFileSync(plane.folder.at('app-token'), 'the token of app\n')
    const [withCertificate, withToken] = [await freePort(), await freePort()]
    const listen = (port: number, more = ''): string =>
      `[[keyplane.listen]]\naddress = "127.0.0.1"\nport = ${port}\n${files}\n${more}`
    const client = `[[keyplane.clients]]\nname = "app"\ntoken = "file://${plane.folder.at('app-token')}"\nsecrets = ["app/*"]\n`
    const both = [
      listen(withCertificate, `client_ca = "${file('clients.pem', clients.certificate)}"\n`),
      listen(withToken),
    ]
    await agent.start('', `${both.join('')}${client}`)
    const by = (port: number, name: string, shown: string, ...args: readonly string[]) =>
      curl(`https://127.0.0.1:${port}${plain(name)}`, shown, '--cacert', ca, ...args)
    expect(await by(withCertificate, 'other/key', token, ...asClient)).toMatchObject({ status: 200 })
    expect((await by(withCertificate, 'other/key', token)).code).not.toBe(0)
    expect(await by(withToken, 'app/key', 'the token of app')).toMatchObject({ status: 200 })
    expect(await by(withToken, 'other/key', 'the token of app')).toMatchObject({ status: 403 })
    expect(await by(withToken, 'app/key', token)).toMatchObject({ status: 403, text: 'Bad Token' })
    const named = ['--resolve', `agent.test:${withToken}:127.0.0.1`]
    const url = `https://agent.test:${withToken}${plain('app/key')}`
    expect(await curl(url, 'the token of app', '--cacert', ca, ...named)).toMatchObject({ status: 200 })
    expect(agent.log).toContain('"client":"app"')
    for (const secret of [token, 'the token of app']) expect(agent.log).not.toContain(secret)
  })
})
