import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bareEnvironment, keyplane } from './keyplane-process.ts'
import { ScratchFolder } from './scratch-folder.ts'

let folder: ScratchFolder
beforeEach(() => {
  folder = new ScratchFolder()
})
afterEach(() => folder.remove())

it('a plane has a service over its example secrets, and a key to it that is kept', async () => {
  const keys: string[] = []
  for (let start = 0; start < 2; start += 1) {
    const args = ['dev', '--agent-port', '0', '--store-port', '0', '--service-port', '0']
    const plane = keyplane(args, { cwd: folder.path, env: bareEnvironment(folder.path) })
    await expect.poll(() => plane.stdout, { timeout: 30_000 }).toMatch(/curl -sH @\.keyplane\/service\.header '/)
    const [, place = ''] = /@\.keyplane\/service\.header '([^']+)'/.exec(plane.stdout) ?? []
    const header = readFileSync(folder.at('.keyplane/service.header'), 'utf8')
    keys.push(header)
    const [, authorization = ''] = /^Authorization: (.+)$/m.exec(header) ?? []
    const answer = await fetch(`http://${place}`, { headers: { authorization } })
    expect(await answer.json()).toMatchObject({
      tool: 'demo',
      status: 'ok',
      settings: { timeoutMs: 3_000 },
      secrets: { apiKey: { source: 'aws' }, databasePassword: { value: expect.stringMatching(/^[0-9a-f]{24}$/) } },
    })
    await expect.poll(() => plane.stderr).toContain('service  read  development/demo/apiKey  source')
    const { code, stdout, stderr } = await plane.stop()
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain(authorization.slice('Bearer '.length))
  }
  expect(keys[0]).toBe(keys[1])
}, 90_000)

it('who is made with the line on the screen can log in, also after the plane was started anew', async () => {
  const env = bareEnvironment(folder.path)
  const at = { cwd: folder.path, env }
  const asked = (args: readonly string[], stdin = '') => keyplane(args, { ...at, stdin }).finished
  const started = async () => {
    const plane = keyplane(['dev', '--agent-port', '0', '--store-port', '0', '--service-port', '0'], at)
    await expect.poll(() => plane.stdout, { timeout: 30_000 }).toMatch(/keyplane (service user add me .+)\n/)
    const [, line = ''] = /keyplane (service user add me .+)\n/.exec(plane.stdout) ?? []
    return { plane, line: line.split(' '), service: line.split(' ').at(-1) ?? '' }
  }
  const password = 'correct horse battery'
  const first = await started()
  expect(await asked(first.line, password)).toMatchObject({ code: 0 })
  expect(await asked(['whoami'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/client +developer/) })
  await first.plane.stop()

  const second = await started()
  expect(await asked(['login', '--user', 'me', '--password-stdin'], password)).toMatchObject({ code: 0 })
  expect(await asked(['whoami'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/user +me/) })
  const other = await asked(['whoami', '--service', second.service.replace('127.0.0.1', 'localhost')])
  expect(other.stderr).toContain('Nobody is logged in at http://localhost')
  await second.plane.stop()
}, 90_000)

it('a service that can not start leaves the rest of the plane, says why, and leaves no log', async () => {
  mkdirSync(folder.at('.keyplane'), { mode: 0o700 })
  writeFileSync(folder.at('.keyplane/service.db'), 'x'.repeat(5_000))
  const plane = keyplane(['dev', '--agent-port', '0', '--store-port', '0', '--service-port', '0'], {
    cwd: folder.path,
    env: bareEnvironment(folder.path),
  })
  await expect
    .poll(() => plane.stderr, { timeout: 30_000 })
    .toMatch(/service: The database .+ is not a SQLite database\. The rest runs\.\n/)
  expect(existsSync(folder.at('.keyplane/service-audit'))).toBe(false)
  expect((await plane.stop()).code).toBe(0)
}, 90_000)

it('a service whose port is taken names the flag for another', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo
  const plane = keyplane(['dev', '--agent-port', '0', '--store-port', '0', '--service-port', String(port)], {
    cwd: folder.path,
    env: bareEnvironment(folder.path),
  })
  await expect
    .poll(() => plane.stderr, { timeout: 30_000 })
    .toContain(`service: Port ${port} of 127.0.0.1 is in use; give another with --service-port. The rest runs.`)
  expect((await plane.stop()).code).toBe(0)
  await new Promise((resolve) => taken.close(resolve))
}, 90_000)
