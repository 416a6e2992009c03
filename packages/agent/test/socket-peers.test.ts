import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseAgentConfig } from '../src/config.ts'
import { openSocketPeers } from '../src/listeners/socket-peers.ts'
import { userId } from '../src/listeners/user-id.ts'
import { startTestAgent } from './start-test-agent.ts'
import { testFolder } from './test-folder.ts'
import { token } from './token.ts'

const isLinux = process.platform === 'linux'
const { uid, username } = userInfo()
const stranger = uid === 4_242 ? 4_243 : 4_242

let folder: string
beforeEach(() => {
  folder = testFolder()
})

const start = async (more: string, headers = '', lineEnd = '\r\n') => {
  const socketPath = join(folder, 'agent.sock')
  const started = await startTestAgent({ toml: `[keyplane]\nsocket_path = "${socketPath}"\n${more}` })
  /** What the agent answers to these requests on one connection, until it ends. */
  const ask = (...targets: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(socketPath)
      let answer = ''
      socket.on('data', (chunk) => {
        answer += String(chunk)
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(answer))
      for (const target of targets)
        socket.write(`GET ${target} HTTP/1.1${lineEnd}Host: localhost${lineEnd}${headers}${lineEnd}`)
      socket.end()
    })
  return { ...started, ask }
}

const [plain, escaped] = ['/secretsmanager/get?secretId=MyTest', '/secretsmanager/get?secretId=My%54est']
const client = (user: number | string, secrets = '"My*"'): string =>
  `[[keyplane.clients]]\nname = "app"\nuser = "${user}"\nsecrets = [${secrets}]\n`
const statuses = (answers: string): string[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)

describe.runIf(isLinux)('a client that is known by its user', () => {
  it('reads through the socket without a token what its scope names, plain or not', async () => {
    const { ask } = await start(client(uid))
    expect(statuses(await ask(plain, plain, escaped, plain))).toEqual(['200', '200', '200', '200'])
    expect(statuses(await ask('/metrics', '/ping'))).toEqual(['200', '200'])
  })

  it('is refused by its scope and by its name, whatever token it shows', async () => {
    const { ask, source } = await start(client(username, '"other"'), `X-Vault-Token: ${token}\r\n`)
    for (const target of [plain, escaped]) {
      const answer = await ask(target)
      expect(statuses(answer)).toEqual(['403'])
      expect(answer).toContain('The client \\"app\\" may not read \\"MyTest\\".')
    }
    expect(source.reads).toBe(0)
  })

  it('is known, and within its scope, with a request that only the AWS agent’s parser takes', async () => {
    const { agent, ask } = await start(client(uid), '', '\n')
    expect(statuses(await ask(plain))).toEqual(['200'])
    await agent.close()
    const other = await start(client(uid, '"other"'), `X-Vault-Token: ${token}\n`, '\n')
    expect(statuses(await other.ask(plain))).toEqual(['403'])
  })

  it('needs a token elsewhere', async () => {
    const { port } = await start(client(uid))
    const answer = await fetch(`http://127.0.0.1:${port}/secretsmanager/get?secretId=MyTest`)
    expect([answer.status, await answer.text()]).toEqual([403, 'Bad Token'])
  })
})

describe.runIf(isLinux)('the users of a socket', () => {
  it('are the only ones who are answered there; others are cut, which the log says by their number', async () => {
    const { ask, log } = await start(`socket_users = ["${stranger}"]`)
    expect(await ask('/ping')).toBe('')
    expect(log.lines.join('\n')).toMatch(
      new RegExp(`"userId":${uid}.* A connection to the socket was refused: user ${uid} is not named\\.`),
    )
  })

  it('show a token, as everybody does', async () => {
    const { ask } = await start(`socket_users = ["${stranger}", "${uid}"]`)
    expect(statuses(await ask(plain, escaped))).toEqual(['403', '403'])
  })

  it('include the clients that are known by their users', async () => {
    const { ask } = await start(`socket_users = ["${stranger}"]\n${client(uid)}`)
    expect(statuses(await ask(plain))).toEqual(['200'])
  })
})

describe('who is at the other end', () => {
  const named = `[keyplane]\nsocket_path = "/run/x"\nsocket_users = ["1"]\n${client(2)}`

  it('is refused where the kernel does not say', async () => {
    const refused: unknown[] = []
    const onRefused = (peer: unknown): unknown => refused.push(peer)
    const admit = await openSocketPeers(parseAgentConfig(named), { onRefused, credentialsOf: () => undefined })
    const socket = connect({ port: 1 }).on('error', () => {})
    expect(admit?.(socket)).toBe('refused')
    expect(refused).toEqual([undefined])
  })

  it('is nobody who can be named where one number stands for many', async () => {
    const credentialsOf = () => ({ processId: 1, userId: 65_534, groupId: 65_534 })
    const parts = { onRefused: () => {}, credentialsOf }
    const socket = '[keyplane]\nsocket_path = "/run/x"\n'
    for (const more of [client(65_534), 'socket_users = ["1", "65534"]']) {
      const config = parseAgentConfig(`${socket}${more}`)
      await expect(openSocketPeers(config, { ...parts, unmapped: 65_534 })).rejects.toThrow(
        "The user 65534 can't be named: in the agent's user namespace 65534 is everybody who has no number there.",
      )
    }
    const admit = await openSocketPeers(parseAgentConfig(named), { ...parts, unmapped: 65_534 })
    expect(admit?.(connect({ port: 1 }).on('error', () => {}))).toBe('refused')
  })

  it('is one client only, by whatever it is named', async () => {
    const twice = `${client(0)}${client('root').replace('"app"', '"other"')}`
    const config = parseAgentConfig(`[keyplane]\nsocket_path = "/run/x"\n${twice}`)
    await expect(openSocketPeers(config, { onRefused: () => {} })).rejects.toThrow(
      "The user of other is another client's too: each needs its own.",
    )
  })

  it('is not asked for where the configuration names nobody', async () => {
    expect(await openSocketPeers(parseAgentConfig(''), { onRefused: () => {} })).toBeUndefined()
  })

  it('is a user of this machine, by name or number', () => {
    expect([userId('0'), userId('root')]).toEqual([0, 0])
    expect(() => userId('nobody-of-that-name')).toThrow(
      'There is no user "nobody-of-that-name" in /etc/passwd; give the number.',
    )
  })
})

describe('the configuration', () => {
  it.each([
    [client(1), 'keyplane.clients[0].user needs socket_path: only there are users known'],
    ['[keyplane]\nsocket_users = ["app"]', 'keyplane.socket_users needs socket_path'],
    ['[keyplane]\nsocket_path = "/run/x"\nsocket_users = []', 'keyplane.socket_users must be a list of at least one'],
    [`${client(1)}token = "env://T"`, 'keyplane.clients[0] needs a token or a user, not both'],
    ['[[keyplane.clients]]\nname = "app"', 'keyplane.clients[0] needs a token or a user, not both'],
  ])('refuses %j', (toml, problem) => {
    expect(() => parseAgentConfig(toml)).toThrow(problem)
  })
})
