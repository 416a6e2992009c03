import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildLayer } from '../layer/build-layer.ts'
import { credentials, startFunction, token } from './start-function.ts'

let folder: string
let archive: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-layer-'))
  archive = await buildLayer({ outdir: folder })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

interface Run {
  readonly code: number
  readonly said: string
}

const run = (env: Record<string, string>): Promise<Run> =>
  new Promise((resolve) => {
    const script = join(folder, 'layer/extensions/keyplane')
    const child = execFile(script, { env, cwd: folder }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    )
  })

/** As an archive's own directory has them: names, permissions and contents. */
const entriesOf = (zip: Buffer): { name: string; mode: number; content: Buffer }[] => {
  const end = zip.length - 22
  const found = []
  for (let [at, left] = [zip.readUInt32LE(end + 16), zip.readUInt16LE(end + 10)]; left > 0; left -= 1) {
    const [length, local] = [zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)]
    const name = zip.toString('utf8', at + 46, at + 46 + length)
    const from = local + 30 + length
    const content = inflateRawSync(zip.subarray(from, from + zip.readUInt32LE(at + 20)))
    found.push({ name, mode: zip.readUInt32LE(at + 38) >>> 16, content })
    at += 46 + length
  }
  return found
}

describe('the layer', () => {
  it('is an archive of its folder, with what Lambda starts to be started', () => {
    const entries = entriesOf(readFileSync(archive))
    expect(entries.map(({ name, mode }) => [name, (mode & 0o777).toString(8)])).toEqual([
      ['extensions/keyplane', '755'],
      ['keyplane/LICENSE', '644'],
      ['keyplane/aws-credentials.mjs', '644'],
      ['keyplane/extension.mjs', '644'],
    ])
    for (const { name, content } of entries)
      expect(content.equals(readFileSync(join(folder, 'layer', name))), name).toBe(true)
  })

  it('starts by its script, from a folder that holds nothing else, serves, and ends in order', async () => {
    const { lambda, env, ask } = await startFunction()
    const ended = run({
      ...env,
      ...credentials,
      // The function's own, which would keep a process of Node's from starting.
      NODE_OPTIONS: '--require /var/task/not-there.js',
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    })
    await lambda.came('GET event/next')
    expect(lambda.calls[0]?.headers['lambda-extension-name']).toBe('keyplane')
    expect((await ask('/secretsmanager/get?secretId=app/db')).body).toContain('"SecretString":"value of app/db"')
    lambda.invoke()
    await lambda.came('GET event/next', 2)
    lambda.shutdown(Date.now() + 2_000)
    const { code, said } = await ended
    expect([code, said.includes('value of')]).toEqual([0, false])
  })

  it('takes a restored function’s credentials and token from the container’s variables', async () => {
    const { lambda, aws, env, ask } = await startFunction()
    const given: string[] = []
    const container = createServer((request, response) => {
      given.push(String(request.headers.authorization))
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      response.end(JSON.stringify({ AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'key', Token: 'session', Expiration }))
    })
    await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve))
    const { port } = container.address() as { port: number }
    const ended = run({
      ...env,
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      AWS_LAMBDA_INITIALIZATION_TYPE: 'snap-start',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/2021-04-23/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    })
    await lambda.came('GET event/next')
    expect([given, aws.calls]).toEqual([[], []])
    lambda.invoke()
    await lambda.came('GET event/next', 2)
    expect((await ask('/secretsmanager/get?secretId=app/db')).body).toContain('"SecretString":"value of app/db"')
    expect(given).toEqual([token])
    lambda.shutdown(Date.now() + 2_000)
    expect((await ended).code).toBe(0)
    container.closeAllConnections()
    container.close()
  })
})
