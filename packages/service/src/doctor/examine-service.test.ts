import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import { afterAll, describe, expect, it } from 'vitest'
import { RemoteSource, type SourceState } from '../../test/remote-source.ts'
import { parseServiceConfig } from '../config.ts'
import { examineTls } from './examine-files.ts'
import { examineService } from './examine-service.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyplane-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const examine = async (
  environment: object,
  fares: Partial<Record<'openbao' | 'aws', SourceState>> = {},
  more: object = {},
): Promise<string[]> => {
  const config = {
    environments: { production: { source: 'openbao', cache: 'local', ...environment } },
    tools: { payments: { secrets: { key: 'key', other: 'other' } } },
    ...more,
  }
  const findings = await examineService(
    parseServiceConfig({ path: join(folder, 'service.yaml'), text: JSON.stringify(config) }),
    {
      env: {},
      clock: systemClock,
      random: systemRandom,
      log: { warn: () => {}, error: () => {} },
      open: async (wanted) => {
        const name = wanted.kind === 'named' && wanted.name === 'aws' ? 'aws' : 'openbao'
        const source = new RemoteSource(name, { key: 'canary', ...(name === 'openbao' && { other: 'canary' }) })
        source.fares = fares[name] ?? 'answers'
        return source
      },
    },
  )
  expect(JSON.stringify(findings)).not.toContain('canary')
  return findings.map(({ state, what }) => `${state}: ${what}`)
}

describe('the doctor of a service', () => {
  it('tells what each source gives, and what a fallback could not stand in for', async () => {
    expect(await examine({ fallback: [{ source: 'aws' }] })).toEqual([
      'ok: production · openbao answers, and gives 2 of 2 secrets',
      'ok: production · aws (fallback) answers, and gives 1 of 2 secrets',
      'note: production · aws (fallback) has no payments.other',
    ])
  })

  it.each([
    ['absent', 'problem: production: no source has payments.key, payments.other'],
    ['denies', 'problem: production · openbao refuses payments.key, payments.other'],
    ['down', 'problem: production · openbao does not answer: openbao: down'],
    ['hangs', 'problem: production · openbao does not answer: It did not answer within 3000 ms.'],
  ] as const)('tells a source that %s from others', async (state, finding) => {
    expect(await examine({}, { openbao: state })).toContain(finding)
  })

  it('tells once of a source that can give nothing as it is set up, and not that it answers', async () => {
    const findings = await examine({}, { openbao: 'unset' })
    expect(findings.filter((each) => each.includes('openbao'))).toEqual([
      "problem: production · openbao can't give payments.key, payments.other: openbao: unset",
    ])
  })

  it('misses files that sources name, and looks whether something listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const alerts = (at: number) => ({ alerts: { webhook: { url: `http://127.0.0.1:${at}/hook` } } })
    const findings = await examine({ fallback: [{ env: '.env.none' }] }, {}, alerts(port))
    expect(findings[0]).toMatch(/^problem: production: .*\.env\.none is not there$/)
    expect(findings).toContain(`ok: The webhook of alerts listens at 127.0.0.1:${port}`)
    await new Promise((resolve) => server.close(resolve))
    expect(await examine({}, {}, alerts(port))).toContain(
      `problem: The webhook of alerts does not answer at 127.0.0.1:${port} (ECONNREFUSED)`,
    )
  })

  it('tells what a tool wants of a secret and can’t be given', async () => {
    const tools = { payments: { secrets: { key: 'key', user: { ref: 'other', jsonKey: 'user' }, whole: 'other' } } }
    expect(await examine({}, {}, { tools })).toEqual([
      'ok: production · openbao answers, and gives 2 of 3 secrets',
      expect.stringMatching(/^problem: production · openbao can't give payments.user: .* has no field "user"/),
    ])
  })

  it('tells of each thing that the shared cache and the webhook lack', async () => {
    const cache = await examine({ cache: 'redis' })
    expect(cache.slice(1)).toEqual([
      expect.stringMatching(/^problem: .* nothing says which Redis/),
      expect.stringMatching(/^problem: .* always encrypted/),
    ])
    const [redis, cacheKey] = [{ url: 'redis://127.0.0.1:1' }, { file: 'none.key' }]
    expect(await examine({ cache: 'redis' }, {}, { redis, cacheKey })).toContain(
      `problem: cacheKey: There is no file "${join(folder, 'none.key')}".`,
    )
    const webhook = { url: 'http://127.0.0.1/hook', secretFile: 'none' }
    expect(await examine({}, {}, { alerts: { webhook } })).toContain(
      `problem: The file ${join(folder, 'none')} of the webhook can't be read (ENOENT).`,
    )
    const alerts = { webhook: { url: 'http://127.0.0.1/hook' } }
    expect((await examine({}, {}, { alerts })).at(-1)).toContain('127.0.0.1:80')
  })

  it('looks how long a certificate is good', () => {
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 30'
    execFileSync('openssl', [...made.split(' '), '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    const day = 86_400_000
    const at = (days: number): string => examineTls({ certificate, key }, Date.now() + days * day).state
    expect([at(0), at(20), at(40)]).toEqual(['ok', 'note', 'problem'])
    writeFileSync(key, 'no key')
    expect(examineTls({ certificate, key }, Date.now())).toMatchObject({ state: 'problem' })
  })
})
