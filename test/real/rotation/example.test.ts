import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnvironment, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { freePort } from '../refused-secrets/start-postgres.ts'
import { RealPlane } from '../start-plane.ts'
import { valueOf } from './rotated-user.ts'
import { accepts } from './stored-logins.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'examples/rotation-postgres/README.md'), 'utf8')

let server: ScratchServer
let plane: RealPlane
beforeAll(async () => {
  server = await ScratchServer.start()
  plane = await new RealPlane().start('dev')
  for (const name of ['examples', 'node_modules']) symlinkSync(join(root, name), plane.folder.at(name))
})
afterAll(async () => {
  await plane.remove()
  await server.stop()
})

describe('the example of a rotated password', () => {
  it('does what its page says, as it is pasted', { timeout: 120_000 }, async () => {
    const [, , ...pasted] = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
    const port = await freePort()
    const { username, password } = new URL(server.url())
    const env = {
      ...bareEnvironment(plane.cwd),
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: username,
      PGPASSWORD: decodeURIComponent(password),
      PORT: String(port),
    }
    const script = `trap 'kill $(jobs -p) 2> /dev/null || :' EXIT\n${pasted.join('').replaceAll('8080', String(port))}`
    const { code, stdout, stderr } = await runProgram('/bin/sh', ['-ec', script], { cwd: plane.cwd, env })
    expect({ code, stderr }, stdout).toMatchObject({ code: 0 })
    expect(stdout).toContain('{"user":"app"')
    expect(stdout).toContain('Every request was answered.')
    expect(stderr.match(/is rotated/g)).toHaveLength(3)
    expect(await accepts(valueOf(server, 'app', 'first-password'))).toBe(false)
  })
})
