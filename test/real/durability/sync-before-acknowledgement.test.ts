import { readFileSync } from 'node:fs'
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requiredTool } from '../required-tool.ts'
import { RealPlane } from '../start-plane.ts'
import { type AcknowledgedCall, early, parseTrace } from './system-calls.ts'

const plane = new RealPlane()
const trace = plane.folder.at('trace')
const alone: AcknowledgedCall[] = []
const together: AcknowledgedCall[] = []

const now = (): number => performance.timeOrigin + performance.now()

beforeAll(async () => {
  const calls = 'trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg'
  await plane.start('store', {
    // -D: the store stays the child that signals reach; the tracer ends with it.
    under: [requiredTool('strace'), '-D', '-f', '-qq', '-e', calls, '-ttt', '-T', '-yy', '-s', '300', '-o', trace],
  })
  Object.assign(process.env, plane.awsEnvironment)
  const client = new SecretsManagerClient({ maxAttempts: 1 })
  const put = async (SecretId: string): Promise<AcknowledgedCall> => {
    const sentAtMs = now()
    const { $metadata } = await client.send(new PutSecretValueCommand({ SecretId, SecretString: `at ${sentAtMs}` }))
    return { requestId: $metadata.requestId ?? '', sentAtMs }
  }
  for (const Name of ['alone', ...Array.from({ length: 8 }, (_, index) => `together-${index}`)])
    await client.send(new CreateSecretCommand({ Name, SecretString: 'begin' }))
  for (let count = 0; count < 60; count += 1) alone.push(await put('alone'))
  for (let count = 0; count < 20; count += 1)
    together.push(...(await Promise.all(Array.from({ length: 8 }, (_, index) => put(`together-${index}`)))))
  client.destroy()
  await plane.stop()
})
afterAll(() => plane.remove())

describe('the trace of a store', () => {
  it('shows the sync of every write before its acknowledgement, one write at a time', () => {
    expect(early(parseTrace(readFileSync(trace, 'utf8')), alone)).toEqual([])
    expect(alone).toHaveLength(60)
  })

  it('shows the same for writes that share a commit', () => {
    expect(early(parseTrace(readFileSync(trace, 'utf8')), together)).toEqual([])
    expect(together).toHaveLength(160)
  })
})
