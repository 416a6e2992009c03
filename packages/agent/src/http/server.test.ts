import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { expect, it } from 'vitest'
import { text } from './messages.ts'
import { HttpDate } from './response-bytes.ts'
import { AgentServer } from './server.ts'

it('a Unix socket has its mode from its first moment on, whatever the process’s umask, which stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
  const path = join(folder, 'agent.sock')
  const server = new AgentServer({
    app: () => text(200, ''),
    fastPath: () => undefined,
    limit: { active: 0, max: 1 },
    date: new HttpDate(fakeClock()),
    onError: () => {},
  })
  const before = process.umask(0)
  try {
    const listening = server.listenOnSocket(path, 0o600)
    // Nobody else has run yet: this is what the bind itself made.
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await listening
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(process.umask()).toBe(0)
  } finally {
    process.umask(before)
    await server.close(0)
    rmSync(folder, { recursive: true })
  }
})
