import { copyFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnvironment, type Finished, keyplane, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { requiredTool } from '../required-tool.ts'
import { RealPlane } from '../start-plane.ts'

const plane = new RealPlane()
beforeAll(async () => {
  await plane.start('dev')
  const { code } = await keyplane(['set', 'my-secret', '-'], { cwd: plane.cwd, stdin: 'the value, ünïcode' }).finished
  expect(code).toBe(0)
  copyFileSync(plane.folder.at('.keyplane', 'agent.token'), plane.folder.at('awssmatoken'))
})
afterAll(() => plane.remove())

const run = (command: string, args: readonly string[]): Promise<Finished> =>
  runProgram(command, args, { cwd: plane.cwd, env: bareEnvironment(plane.cwd) })
const secretUrl = () => `${plane.facts.agentUrl}/secretsmanager/get?secretId=my-secret`

const python = (program: string): Promise<Finished> => {
  writeFileSync(plane.folder.at('caller.py'), program)
  return run(requiredTool('python'), ['caller.py'])
}

/** The program of the AWS agent's own documentation, its paths apart. */
const documented = (token: string): string => `
import requests

with open('awssmatoken') as fp:
    token = fp.read()

response = requests.get(
    "${secretUrl()}",
    headers={"X-Aws-Parameters-Secrets-Token": ${token}}
)
secret = response.text
print(response.status_code, secret)
`

describe('a caller of the agent', () => {
  it('reads with curl, the header from a file', async () => {
    const { code, stdout } = await run(requiredTool('curl'), ['-sSfH', '@.keyplane/agent.header', secretUrl()])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ Name: 'my-secret', SecretString: 'the value, ünïcode' })
  })

  it('reads with curl, the token put in by the shell', async () => {
    const command = `curl -sSf -H "X-Aws-Parameters-Secrets-Token: $(cat awssmatoken)" '${secretUrl()}'`
    const { stdout } = await run('/bin/sh', ['-c', command])
    expect(JSON.parse(stdout)).toMatchObject({ SecretString: 'the value, ünïcode' })
  })

  it('reads with requests, the token from a file, stripped', async () => {
    const { stdout, stderr } = await python(documented('token.strip()'))
    expect([stdout.slice(0, 4), stderr]).toEqual(['200 ', ''])
    expect(JSON.parse(stdout.slice(4))).toMatchObject({ SecretString: 'the value, ünïcode' })
  })

  it.each([
    ['a wrong token', '"wrong"'],
    ['no token', 'None'],
    ['an empty token', '""'],
  ])('is refused with %s', async (_what, token) => {
    expect((await python(documented(token))).stdout).toBe('403 Bad Token\n')
  })

  it('is refused without a token by curl too', async () => {
    const { stdout } = await run(requiredTool('curl'), ['-s', '-w', ' %{http_code}', secretUrl()])
    expect(stdout).toBe('Bad Token 403')
  })

  it('is told that a secret is not there', async () => {
    const args = ['-s', '-w', ' %{http_code}', '-H', '@.keyplane/agent.header', secretUrl().replace('my-', 'no-')]
    const { stdout } = await run(requiredTool('curl'), args)
    expect(stdout).toMatch(/ResourceNotFoundException.* 400$/)
  })
})
