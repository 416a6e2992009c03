import { mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { checkIdentity } from '../src/check-identity.ts'
import { runAgent } from '../src/main.ts'
import { token } from './token.ts'
import { exchange } from './wire.ts'

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** Takes connections and never answers. */
const hungServer = async (): Promise<number> => {
  const server = createServer((socket) => sockets.push(socket.on('error', () => {}).resume()))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const agentWithHungSts = async (ended: Promise<unknown>, port = 0) => {
  const endpoint = `http://127.0.0.1:${await hungServer()}`
  const file = join(mkdtempSync(join(tmpdir(), 'keyplane-agent-')), 'agent.toml')
  writeFileSync(
    file,
    `http_port = ${port}\nlog_to_file = false\nlog_level = "none"\n[keyplane]\nendpoint = "${endpoint}"\n`,
  )
  const told: string[] = []
  const env = {
    AWS_TOKEN: token,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'k',
  }
  const clock = fakeClock()
  const note = (text: string): void => void told.push(text)
  const code = runAgent(['-c', file], { env, ended, clock, stdout: note, stderr: note })
  return { code, told, clock }
}

/** Runs the command to its end, which comes as soon as it listens. */
const run = async (
  args: readonly string[],
  options: { env?: Record<string, string>; providerConfigFile?: string } = {},
) => {
  const out: string[] = []
  const errors: string[] = []
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const code = await runAgent(args, {
    env: { AWS_TOKEN: token, AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 'k' },
    stdout: (text) => {
      out.push(text)
      if (text.includes('listening on')) end()
    },
    stderr: (text) => void errors.push(text),
    ended,
    ...options,
  })
  return { code, out: out.join(''), errors: errors.join('') }
}

const fileOf = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'keyplane-agent-')), 'agent.toml')
  writeFileSync(file, text)
  return file
}

const flat = 'http_port = 0\nlog_level = "none"\nlog_to_file = false\nvalidate_credentials = false\n'
const nested =
  '[logging]\nlog_level = "none"\nlog_to_file = false\n[capabilities.secrets_manager]\nhttp_port = 0\nvalidate_credentials = false\n'

describe('the command line', () => {
  it.each([
    ['-c', flat, ['-c']],
    ['--config', flat, ['--config']],
    ['--config with sections', nested, ['--config']],
    ['sm start -c', nested, ['sm', 'start', '-c']],
    ['sm start --config with flat keys', flat, ['sm', 'start', '--config']],
  ])('starts by %s FILE', async (_what, text, args) => {
    const { code, out, errors } = await run([...args, fileOf(text)])
    expect([code, errors]).toEqual([0, ''])
    expect(out).toMatch(/^Keyplane Agent\/\S+ listening on http:\/\/127\.0\.0\.1:\d+\n$/)
  })

  // With STS away a warning came first, and who waited for the first line had no port.
  it('has the ready line first on stdout, whatever the log says before', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    const file = fileOf(
      `http_port = 0\nlog_to_file = false\n[keyplane]\nendpoint = "${endpoint}"\nsts_endpoint = "${endpoint}"\n`,
    )
    const { code, out } = await run(['-c', file])
    const [first, ...log] = out.trimEnd().split('\n')
    expect([code, first]).toEqual([0, expect.stringContaining('listening on')])
    expect(log.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain(
      'The credentials could not be checked; going on, as the failure may pass.',
    )
  })

  it('tells what the log held back where it does not start', async () => {
    const file = fileOf(
      `http_port = 0\nlog_to_file = false\n[keyplane]\nendpoint = "http://127.0.0.1:${await freePort()}"\n`,
    )
    const env = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 'k' }
    const { code, out, errors } = await run(['-c', file], { env })
    expect([code, errors]).toEqual([1, expect.stringContaining('No token')])
    expect(out).toContain('The credentials could not be checked')
  })

  it('of the AWS provider reads its own file where none is named, if there is one', async () => {
    const { code, out } = await run(['sm', 'start'], { providerConfigFile: fileOf(nested) })
    expect([code, out]).toEqual([0, expect.stringContaining('listening on')])
    const wrong = { providerConfigFile: fileOf('http_port = 1') }
    expect(await run(['sm', 'start'], wrong)).toMatchObject({
      code: 1,
      errors: expect.stringContaining(':1: http_port'),
    })
  })

  it('starts nothing where secrets are switched off, which is no failure', async () => {
    const off = fileOf('[capabilities.secrets_manager]\nenabled = false\n')
    expect(await run(['sm', 'start', '-c', off])).toEqual({
      code: 0,
      out: 'Secrets Manager is not enabled\n',
      errors: '',
    })
  })

  it.each([
    [['--nonsense'], 1],
    [['--config'], 1],
    [['start'], 1],
    [['acm', 'start'], 1],
    [['sm', 'start', '--nonsense'], 2],
    [['sm', 'start', '-c'], 2],
  ])('refuses %j with %i and the usage', async (args, code) => {
    expect(await run(args)).toMatchObject({ code, out: '', errors: expect.stringContaining('\nUsage: keyplane agent') })
  })

  it.each([
    [['-c', '/nowhere/agent.toml'], "The configuration file /nowhere/agent.toml can't be read (ENOENT)."],
    [['sm', 'start', '-c', '/nowhere/agent.toml'], "can't be read"],
  ])('says of %j that there is no such file, with 1', async (args, text) => {
    expect(await run(args)).toMatchObject({ code: 1, errors: expect.stringContaining(text) })
  })

  it('keeps answers for a restart where it is told to, with a key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-agent-'))
    const key = join(folder, 'key')
    writeFileSync(key, Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 })
    const flags = ['--persist', join(folder, 'cache'), '--persist-key', key]
    expect(await run(['-c', fileOf(flat), ...flags])).toMatchObject({ code: 0, errors: '' })
    for (const half of [flags.slice(0, 2), flags.slice(2)])
      expect(await run(['-c', fileOf(flat), ...half])).toEqual({
        code: 1,
        out: '',
        errors: '--persist and --persist-key go together: what is kept is sealed.\n',
      })
    expect(await run(['-c', fileOf(flat), ...flags.slice(0, 3), '/nowhere/key'])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('The key file /nowhere/key is not there; make one'),
    })
  })

  it.each([['--help'], ['-h'], ['--version']])('%s writes to stdout alone', async (flag) => {
    expect(await run([flag])).toMatchObject({ code: 0, out: expect.stringMatching(/agent/), errors: '' })
  })

  it('says which variables could hold the token where none is set', async () => {
    const { code, out, errors } = await run(['-c', fileOf(flat)], { env: {} })
    expect([code, out]).toEqual([1, ''])
    expect(errors).toMatch(
      /^No token: set KEYPLANE_AGENT_TOKEN or AWS_TOKEN or AWS_SESSION_TOKEN or AWS_CONTAINER_AUTHORIZATION_TOKEN/,
    )
  })
})

describe('the start', () => {
  /** What is told first where everything is wrong but for what came before. */
  const firstProblem = async (file: string, env: Record<string, string>) =>
    (await run(['-c', file], { env })).errors.split('\n')[0]

  it('goes step by step: configuration, port, credentials, token', async () => {
    const port = await hungServer()
    const noCredentials = { AWS_ACCESS_KEY_ID: 'only one of two' }
    const wrong = fileOf(`http_port = ${port}\nttl_seconds = 9999\nlog_to_file = false\nlog_level = "none"\n`)
    expect(await firstProblem(wrong, noCredentials)).toContain(':2: ttl_seconds must be')
    const taken = fileOf(`http_port = ${port}\nlog_to_file = false\nlog_level = "none"\n`)
    expect(await firstProblem(taken, noCredentials)).toContain(`Could not bind to 127.0.0.1:${port}`)
    const free = fileOf('http_port = 0\nlog_to_file = false\nlog_level = "none"\n')
    expect(await firstProblem(free, noCredentials)).toContain('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one')
    expect(await firstProblem(fileOf(flat), {})).toContain('No token: set')
  })

  it('answers nothing before it is announced: who came earlier waits, and is answered then', async () => {
    const port = await freePort()
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const { code, told, clock } = await agentWithHungSts(ended, port)
    await expect.poll(() => sockets.length).toBe(1)
    let answered = ''
    const early = exchange(port, ['GET /ping HTTP/1.1\r\n\r\n'], { answers: 1 }).then((text) => {
      answered = text
      return text
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([answered, told]).toEqual(['', []])
    await clock.advance(5_000)
    expect(await early).toContain('healthy')
    expect(told.join('')).toMatch(/^Keyplane Agent\/\S+ listening on /)
    end()
    expect(await code).toBe(0)
  })
})

describe('the check of credentials at start', () => {
  // The end was looked for only after the start, whose check hung for as long as STS did, three times over.
  it('that hangs is ended by the signal to end, with exit code 0 and no announcement', async () => {
    let end = (): void => {}
    const { code, told } = await agentWithHungSts(
      new Promise<void>((resolve) => {
        end = resolve
      }),
    )
    await expect.poll(() => sockets.length).toBe(1)
    end()
    expect(await code).toBe(0)
    expect(told).toEqual([])
  })

  it('is not begun when the end came first', async () => {
    const { code, told } = await agentWithHungSts(Promise.resolve())
    expect(await code).toBe(0)
    expect(told).toEqual([])
  })

  it('that hangs is a failure that may pass after five seconds: the agent starts', async () => {
    let end = (): void => {}
    const { code, told, clock } = await agentWithHungSts(
      new Promise<void>((resolve) => {
        end = resolve
      }),
    )
    await expect.poll(() => sockets.length).toBe(1)
    await clock.advance(5_000)
    await expect.poll(() => told.join('')).toContain('listening on')
    end()
    expect(await code).toBe(0)
  })

  it('passes on what the question says, and leaves no timer', async () => {
    const clock = fakeClock()
    await checkIdentity(async () => ({}), clock)
    const refusal = new SecretsError('unauthenticated', 'no')
    await expect(checkIdentity(() => Promise.reject(refusal), clock)).rejects.toBe(refusal)
    expect(clock.waiting).toBe(0)
  })
})
