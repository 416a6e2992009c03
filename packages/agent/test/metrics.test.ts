import { describe, expect, it } from 'vitest'
import { readyz } from '../src/routes/readyz.ts'
import { samplesOf } from './samples.ts'
import { startAwsAgent as start } from './start-aws-agent.ts'
import { token } from './token.ts'
import { exchange, parseAnswer } from './wire.ts'

const get = '/secretsmanager/get?secretId='

describe('/metrics', () => {
  it('tells reads, refusals and upstream calls, and never a name or a value', async () => {
    const { ask, aws } = await start()
    aws.add('canary-name', 'canary-value')
    for (const id of ['canary-name', 'canary-name', 'canary-name', 'canary-absent']) await ask(`${get}${id}`)
    await ask(`${get}canary-name&x=1`)
    await ask('/nowhere')
    const { status, body, headers } = await ask('/metrics')
    expect([status, headers['content-type']]).toEqual([200, 'text/plain'])
    expect(samplesOf(body)).toMatchObject({
      'keyplane_agent_reads_total{outcome="hit"}': 2,
      'keyplane_agent_reads_total{outcome="fetched"}': 1,
      'keyplane_agent_reads_total{outcome="stale"}': 0,
      'keyplane_agent_reads_total{outcome="failed"}': 1,
      'keyplane_agent_refusals_total{status="400"}': 1,
      'keyplane_agent_refusals_total{status="404"}': 1,
      'keyplane_agent_upstream_call_seconds_count{operation="GetSecretValue",outcome="ok"}': 1,
      'keyplane_agent_upstream_call_seconds_count{operation="GetSecretValue",outcome="secret_not_found"}': 1,
      keyplane_agent_upstream_calls_last_hour: 2,
      keyplane_agent_cached_secrets: 1,
      keyplane_agent_running_requests: 1,
      keyplane_agent_max_requests: 800,
      process_start_time_seconds: Date.UTC(2026, 0, 1) / 1_000,
    })
    expect(body).not.toContain('canary')
    expect(body).not.toContain(token)
  })

  it('counts each attempt as a call, which is what AWS does', async () => {
    const { ask, aws } = await start()
    aws.faults['*'] = { status: 503, type: 'ServiceUnavailable', message: 'later' }
    await ask(`${get}one`)
    expect(aws.taken()).toHaveLength(3)
    expect(samplesOf((await ask('/metrics')).body)).toMatchObject({
      'keyplane_agent_upstream_call_seconds_count{operation="GetSecretValue",outcome="unavailable"}': 3,
    })
  })

  it('is behind the same guards as a secret; Prometheus may show the token as a bearer', async () => {
    const { agent } = await start()
    const send = async (...headers: readonly string[]) =>
      parseAnswer(
        await exchange(agent.port, [['GET /metrics HTTP/1.1', ...headers, '', ''].join('\r\n')], { answers: 1 }),
      )
    expect(await send()).toMatchObject({ status: 403, body: 'Bad Token' })
    expect(await send('Authorization: Bearer wrong')).toMatchObject({ status: 403 })
    expect(await send(`Authorization: Basic ${token}`)).toMatchObject({ status: 403 })
    expect(await send(`Authorization: Bearer ${token}`)).toMatchObject({ status: 200 })
    expect(await send(`X-Vault-Token: ${token}`)).toMatchObject({ status: 200 })
    expect(await send(`X-Vault-Token: ${token}`, 'X-Forwarded-For: 1')).toMatchObject({ status: 403 })
    expect(await send(`X-Vault-Token: ${token}`, 'Host: evil.example')).toMatchObject({ status: 403 })
  })

  it('takes a bearer for nothing else', async () => {
    const { agent } = await start()
    const request = `GET ${get}one HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n\r\n`
    expect(parseAnswer(await exchange(agent.port, [request], { answers: 1 }))).toMatchObject({ status: 403 })
  })
})

describe('/readyz', () => {
  it('says ready to who has no token, by any name', async () => {
    const { agent } = await start()
    const request = 'GET /readyz HTTP/1.1\r\nHost: pod.example\r\n\r\n'
    expect(parseAnswer(await exchange(agent.port, [request], { answers: 1 }))).toMatchObject({
      status: 200,
      body: 'ready',
    })
  })

  it('says why no request should be sent here', () => {
    const request = { method: 'GET', target: '/readyz', rawHeaders: [] }
    expect(readyz(() => 'ending')(request, {})).toMatchObject({ status: 503, body: 'ending' })
    expect(readyz(() => undefined)({ ...request, target: '/readyz/' }, {})).toBeUndefined()
  })
})
