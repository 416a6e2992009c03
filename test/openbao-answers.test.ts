import { systemClock, systemRandom } from '@keyplane/core'
import { parseServiceConfig } from '@keyplane/service'
import { afterEach, expect, it } from 'vitest'
import { type NodeDouble, recorded, startNodeDouble } from '../packages/openbao/test/node-double.ts'
import { type OpenEnvironment, openEnvironment } from '../packages/service/src/environments/open-environment.ts'
import { readTool } from '../packages/service/src/tools/read-tool.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

/** An environment whose source is an OpenBao there. */
const openAt = async (endpoint: string): Promise<OpenEnvironment> => {
  const variables = { KEYPLANE_OPENBAO_ADDR: endpoint, KEYPLANE_OPENBAO_TOKEN: 's.double' }
  const text = JSON.stringify({
    environments: { production: { source: 'openbao', variables } },
    tools: { app: { secrets: { db: 'db' } } },
  })
  const config = parseServiceConfig({ path: 'service.yaml', text }).environments.get('production')
  const log = { warn: () => {}, error: () => {} }
  const parts = { env: {}, clock: systemClock, random: systemRandom, log }
  const environment = await openEnvironment(config ?? expect.unreachable(), parts)
  cleanups.push(() => environment.secrets.close())
  return environment
}

/** What a tool's configuration says of a secret, where OpenBao answers so. */
const codeFor = async (answer: ReturnType<NodeDouble['answer']>): Promise<string> => {
  const bao = await startNodeDouble(({ target }) => {
    if (target === '/v1/sys/leader') return recorded.noCluster
    return target.endsWith('lookup-self') ? { body: '{"data":{"ttl":0,"renewable":false}}' } : answer
  })
  cleanups.push(() => bao.stop())
  const environment = await openAt(bao.endpoint)
  const { missing, errors } = await readTool(environment, 'app', { clock: systemClock })
  return errors[0]?.code ?? (missing.length > 0 ? 'missing' : 'given')
}

it.each([
  ['a standby that lags', '{"errors":[]}', 'unavailable'],
  ['a standby’s health', '{"initialized":true,"sealed":false,"standby":true}', 'unavailable'],
  ['a quota', '{"errors":["1 error occurred:\\n\\t* rate limit quota exceeded"]}', 'rate_limited'],
])('429 of %s is %s', async (_what, body, code) => {
  expect(await codeFor({ status: 429, body, headers: { 'retry-after': '1' } })).toBe(code)
})

it('OpenBao on another machine is asked by TLS alone: the service does not start otherwise', async () => {
  await expect(openAt('http://10.0.0.1:8200')).rejects.toMatchObject({ code: 'config_invalid' })
  await openAt('https://10.0.0.1:8200')
})
