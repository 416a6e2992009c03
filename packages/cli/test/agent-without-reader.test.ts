import { writeFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { bareEnvironment, keyplane } from './keyplane-process.ts'
import { ScratchFolder } from './scratch-folder.ts'

const folder = new ScratchFolder()
afterEach(() => folder.remove())

it('an agent whose output nobody reads any more serves on, until it is told to end', async () => {
  const options = 'http_port = 0\nlog_level = "debug"\nlog_to_file = false\n[keyplane]\nsource = "env"\n'
  writeFileSync(folder.at('agent.toml'), options)
  const env = { ...bareEnvironment(folder.path), DEMO: 'canary', AWS_TOKEN: 'the token of this test' }
  const agent = keyplane(['agent', '--config', 'agent.toml'], { cwd: folder.path, env })
  const [address = ''] = /http:\S+/.exec(await agent.firstLine()) ?? []
  agent.child.stdout?.destroy()
  agent.child.stderr?.destroy()
  const ask = (token: string) =>
    fetch(`${address}/secretsmanager/get?secretId=DEMO`, { headers: { 'x-aws-parameters-secrets-token': token } })
  const statuses: number[] = []
  for (const token of ['wrong', env.AWS_TOKEN, env.AWS_TOKEN, 'wrong']) statuses.push((await ask(token)).status)
  expect(statuses).toEqual([403, 200, 200, 403])
  expect(await agent.stop()).toMatchObject({ code: 0 })
}, 60_000)
