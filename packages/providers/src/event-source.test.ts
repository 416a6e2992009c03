import { parseEndpoint } from '@keyplane/http'
import { fakeClock } from '@keyplane/testkit'
import { expect, it } from 'vitest'
import { openStream } from './event-source.ts'

it('a stream that Node refuses to ask for is unavailable, told without the header', async () => {
  const call = {
    endpoint: parseEndpoint('http://127.0.0.1:1'),
    target: '/',
    headers: { 'last-event-id': 'canary\n' },
    ca: undefined,
    signal: new AbortController().signal,
    clock: fakeClock(),
    silenceMs: 1_000,
  }
  await expect(openStream(call)).rejects.toMatchObject({
    code: 'unavailable',
    reason: 'stream',
    message: expect.not.stringContaining('canary'),
  })
})
