import { readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { bareEnvironment, keyplane } from './keyplane-process.ts'
import { ScratchFolder } from './scratch-folder.ts'

const folder = new ScratchFolder()
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
