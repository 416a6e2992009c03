import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { parseAgentConfig } from '../src/config.ts'
import type { Fault } from './aws-double.ts'
import { samplesOf } from './samples.ts'
import { addMyTest, type AwsAgent, startAwsAgent } from './start-aws-agent.ts'

const get = '/secretsmanager/get?secretId=MyTest'

/** An agent that read a secret, and its successor in front of an AWS that a test decides. */
const restarted = async (fault: Fault | undefined, more = '') => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-persist-'))
  const file = join(folder, 'cache')
  writeFileSync(join(folder, 'key'), Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 })
  const toml = `${more}\n[keyplane]\npersist_file = "${file}"\npersist_key_file = "${join(folder, 'key')}"\nmax_stale_seconds = 600\n`
  const clock = fakeClock()
  const before = await startAwsAgent(toml, addMyTest, clock)
  expect((await before.ask(get)).status).toBe(200)
  await before.close()
  const again = (then: Fault | undefined, its: { region?: string } = {}): Promise<AwsAgent> => {
    return startAwsAgent(
      its.region === undefined ? toml : `region = "${its.region}"\n${toml}`,
      (aws) => {
        addMyTest(aws)
        if (then) aws.faults['*'] = then
      },
      clock,
    )
  }
  return { ...(await again(fault)), file, again }
}

describe('an agent that was restarted while AWS is away', () => {
  it.each<[string, Fault]>([
    ['unreachable', 'reset'],
    ['silent', 'hang'],
    ['throttling', { status: 400, type: 'ThrottlingException', message: 'slow' }],
    ['failing', { status: 503, type: 'ServiceUnavailable', message: 'later' }],
  ])('(%s) gives what it read before, as stale', async (_what, fault) => {
    const { ask } = await restarted(fault)
    const { status, body } = await ask(get)
    expect([status, body]).toEqual([200, expect.stringContaining('the value')])
    expect(samplesOf((await ask('/metrics')).body)['keyplane_agent_reads_total{outcome="stale"}']).toBe(1)
    expect((await ask(`${get}&refreshNow=1`)).status).not.toBe(200)
    expect((await ask('/secretsmanager/get?secretId=never-read')).status).not.toBe(200)
  })

  it('does so for max_stale_seconds past the TTL, and not where passing failures are told', async () => {
    const { ask, clock } = await restarted('reset')
    await clock.advance(880_000)
    expect((await ask(get)).status).toBe(200)
    await clock.advance(20_000)
    expect((await ask(get)).status).toBe(502)
    const strict = await restarted('reset', 'ignore_transient_errors = false')
    expect((await strict.ask(get)).status).toBe(502)
  })
})

describe('a secret that was read under several spellings', () => {
  it('is what the last of them brought, under each', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:MyTest-AbCdEf'
    const before = await restarted(undefined)
    for (const id of [arn, 'MyTest']) await before.ask(`/secretsmanager/get?secretId=${id}`)
    before.aws.rotate('MyTest', 'the new value')
    await before.clock.advance(301_000)
    for (const id of ['MyTest', arn]) await before.ask(`/secretsmanager/get?secretId=${id}`)
    await before.agent.close(0)
    const { ask } = await before.again('reset')
    for (const id of [arn, 'MyTest'])
      expect((await ask(`/secretsmanager/get?secretId=${id}`)).body).toContain('the new value')
  })

  it('is refused in every version once AWS refused it', async () => {
    const before = await restarted(undefined)
    const versioned = `${get}&versionId=${/"VersionId":"([^"]+)"/.exec((await before.ask(get)).body)?.[1]}`
    expect((await before.ask(versioned)).status).toBe(200)
    before.aws.faults['*'] = { status: 400, type: 'AccessDeniedException', message: 'no' }
    expect((await before.ask(`${get}&refreshNow=1`)).status).toBe(400)
    await before.agent.close(0)
    const { ask } = await before.again('reset')
    for (const target of [get, versioned]) expect((await ask(target)).status).toBe(502)
  })
})

describe('an agent that was restarted for another region', () => {
  it('gives nothing of it, and says so once', async () => {
    const { ask, log } = await (await restarted(undefined)).again('reset', { region: 'eu-west-1' })
    expect((await ask(get)).status).toBe(502)
    expect((await ask(get)).status).toBe(502)
    expect(log.lines.filter((line) => line.includes('another source, endpoint or region'))).toHaveLength(1)
  })
})

describe('what the source takes back by push', () => {
  it.each(['withdrawn', 'deleted'] as const)('(%s) is not given again while the source is away', async (kind) => {
    for (const id of ['MyTest', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:MyTest-AbCdEf']) {
      const { ask, aws, agent, clock } = await restarted(undefined)
      expect((await ask(get)).status).toBe(200)
      agent.invalidate({ kind, id })
      aws.faults['*'] = 'reset'
      expect((await ask(get)).status).not.toBe(200)
      await clock.advance(30_000)
      expect((await ask(get)).status).not.toBe(200)
    }
  })
})

describe('an agent that was restarted while AWS answers', () => {
  it('asks, and forgets what AWS does not give any more, also on the disk', async () => {
    const { ask, aws, agent, file } = await restarted(undefined)
    aws.rotate('MyTest', 'the new value')
    expect((await ask(get)).body).toContain('the new value')
    aws.faults['*'] = { status: 400, type: 'AccessDeniedException', message: 'no' }
    expect((await ask(`${get}&refreshNow=1`)).status).toBe(400)
    aws.faults['*'] = 'reset'
    expect((await ask('/secretsmanager/get?secretId=MyTest&versionStage=AWSCURRENT&refreshNow=1')).status).toBe(502)
    await agent.close(0)
    expect(readFileSync(file).toString('latin1')).not.toContain('value')
  })
})

describe('the configuration', () => {
  it('is refused at start where the file has no folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-persist-'))
    writeFileSync(join(folder, 'key'), Buffer.alloc(32, 1).toString('base64'), { mode: 0o440 })
    for (const [parent, code] of [
      ['none', 'ENOENT'],
      ['key', 'ENOTDIR'],
    ] as const)
      await expect(
        startAwsAgent(
          `[keyplane]\npersist_file = "${join(folder, parent, 'cache')}"\npersist_key_file = "${join(folder, 'key')}"\n`,
        ),
      ).rejects.toThrow(`The folder ${join(folder, parent)} of keyplane.persist_file can't be written (${code}).`)
  })

  it('wants the file and its key together', () => {
    expect(() => parseAgentConfig('[keyplane]\npersist_file = "/f"', 'c.toml')).toThrow(
      'c.toml:2: keyplane.persist_file needs persist_key_file: what is kept is sealed.',
    )
    expect(() => parseAgentConfig('[keyplane]\npersist_key_file = "/f"', 'c.toml')).toThrow('needs persist_file')
  })
})
