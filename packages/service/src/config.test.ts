import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type ConfigText, parseServiceConfig, readServiceConfig } from './config.ts'
import type { ServiceConfig } from './config/service-config.ts'

const key = `sha256:${'0'.repeat(64)}`
const whole = `environments:
  production: { source: openbao, cache: local, ttl: 5m, maxStale: 1h, fallback: none }
  staging: { source: file, mount: secrets, fallback: none }
  ci: { source: github-actions }
  development: { source: aws, variables: { AWS_REGION: eu-central-1 }, fallback: [ { env: .env.dev }, { file: /spare } ] }
tools:
  payments:
    settings: { baseUrl: https://api.example.com, timeoutMs: 3000 }
    secrets: { apiKey: payments/api-key, db: { ref: payments/db, maxStale: 0, jsonKey: password } }
clients:
  shop: { keys: [ '${key}' ], roles: [ readers ] }
roles:
  readers: { allow: [ { actions: ['*'], environments: ['*'], tools: [payments] } ] }
`

const parse = (text: string, overlays: Readonly<Record<string, string>> = {}): ServiceConfig =>
  parseServiceConfig(
    { path: '/etc/keyplane/service.yaml', text },
    new Map(
      Object.entries(overlays).map(([name, over]): [string, ConfigText] => [
        name,
        { path: `${name}.yaml`, text: over },
      ]),
    ),
  )

const problems = (text: string, overlays?: Readonly<Record<string, string>>): string[] => {
  try {
    parse(text, overlays)
    return []
  } catch (error) {
    expect(error).toMatchObject({ code: 'config_invalid' })
    return (error as SecretsError).message.replaceAll('/etc/keyplane/service.yaml:', '').split('\n')
  }
}

describe('the configuration of the service', () => {
  it('says of each environment where its secrets come from and how old they may be', () => {
    const { environments, listen } = parse(whole)
    expect(environments.get('production')).toMatchObject({
      sources: [{ kind: 'named', name: 'openbao', variables: {} }],
      cache: 'local',
      ttlMs: 300_000,
      maxStaleMs: 3_600_000,
    })
    expect(environments.get('staging')).toMatchObject({
      sources: [{ kind: 'file', folder: '/etc/keyplane/secrets' }],
      maxStaleMs: 0,
    })
    expect(environments.get('development')?.sources).toEqual([
      { kind: 'named', name: 'aws', variables: { AWS_REGION: 'eu-central-1' } },
      { kind: 'env', file: '/etc/keyplane/.env.dev' },
      { kind: 'file', folder: '/spare' },
    ])
    expect(listen).toEqual({ host: '127.0.0.1', port: 7780, proxies: [] })
  })

  it('keeps values in Redis in production, and in the process elsewhere, unless it is told otherwise', () => {
    const caches = (text: string): readonly string[] =>
      [...parse(`environments: ${text}\ntools: {}\n`).environments.values()].map(({ cache }) => cache)
    expect(caches('{ production: { source: env }, staging: { source: env } }')).toEqual(['redis', 'local'])
    expect(caches('{ production: { source: env, cache: local }, staging: { source: env, cache: redis } }')).toEqual([
      'local',
      'redis',
    ])
  })

  it('says of each tool what it needs, and who may have it', () => {
    const { environments, clients, roles } = parse(whole)
    expect(environments.get('ci')?.tools.get('payments')).toEqual({
      settings: { baseUrl: 'https://api.example.com', timeoutMs: 3000 },
      secrets: new Map([
        ['apiKey', { ref: 'payments/api-key' }],
        ['db', { ref: 'payments/db', maxStaleMs: 0, jsonKey: 'password' }],
      ]),
    })
    expect(clients.get('shop')).toEqual({ keyHashes: ['0'.repeat(64)], certificates: [], roles: ['readers'] })
    expect(roles.get('readers')).toMatchObject({ deny: [] })
  })

  it('tells everything that is wrong at once, each on its line', () => {
    const text = `environments:
  production: { source: opnbao, ttl: 5, maxstale: 1h }
  Staging: { source: file }
  ci: {}
tools:
  payments:
    secret: {}
    secrets: { a: { maxStale: 1 hour }, b: 7 }
clients:
  shop: { keys: [secret], roles: [] }
colour: red
`
    expect(problems(text)).toEqual([
      '2: environments.production.source must be one of agent, aws, azure, env, file, gcp, github-actions, memory, openbao, service, ssm; did you mean openbao?',
      '2: environments.production.ttl must be 0 or a number with its unit, such as 30s, 5m or 1h.',
      '2: environments.production.maxstale is not an option; did you mean maxStale?',
      '3: environments.Staging is no name: it must be a-z, 0-9 and "-", at most 63.',
      '7: tools.payments.secret is not an option; did you mean secrets?',
      '8: tools.payments.secrets.a.ref is missing.',
      '8: tools.payments.secrets.a.maxStale must be 0 or a number with its unit, such as 30s, 5m or 1h.',
      '8: tools.payments.secrets.b must be a table.',
      '10: clients.shop.keys[0] must be sha256: and 64 digits of 0-9 and a-f: the hash of the key, never the key.',
      '11: colour is not an option.',
    ])
  })

  it('believes proxies by addresses and networks alone', () => {
    const listening = (proxies: readonly string[]): string =>
      `listen: { proxies: ${JSON.stringify(proxies)} }\nenvironments: { a: { source: env } }\ntools: {}\n`
    const good = ['10.0.0.1', '10.0.0.0/8', '2001:db8::1', '2001:db8::/32']
    expect(parse(listening(good)).listen.proxies).toEqual(good)
    const bad = ['ingress', '10.0.0.0/0', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', 'loopback', '']
    expect(problems(listening(bad))).toEqual(
      bad.map((_, index) => `1: listen.proxies[${index}] must be an IP address, or a network such as 10.0.0.0/8.`),
    )
  })

  it('tells what does not fit together', () => {
    const text = `listen: { host: 0.0.0.0 }
environments:
  a: { source: aws, cache: none, maxStale: 1h, mount: x }
  b: { fallback: [ { env: .env, file: y } ] }
  c: { source: env }
tools:
  t: { secrets: { one: x/a-b, two: x/a_b } }
clients:
  shop: { keys: [ '${key}', '${key}' ], roles: [ reader ] }
roles:
  readers: { allow: [ { actions: [read], environments: [aa], tools: ['t*', 'u*'] } ] }
`
    expect(problems(text)).toEqual([
      '1: listen.host is not this machine alone: that needs listen.tls.',
      '3: environments.a.maxStale needs a cache, and cache is none.',
      '3: environments.a.mount is for the source file.',
      '4: environments.b has no source: give source.',
      '4: environments.b.fallback[0] has several sources: give source or env or file.',
      '4: environments.b x/a-b and x/a_b would be one variable.',
      '5: environments.c x/a-b and x/a_b would be one variable.',
      '9: clients.shop.roles[0] is no role; did you mean readers?',
      '9: clients.shop.keys[1] is a key of shop already.',
      '11: roles.readers.allow[0].actions[0] matches no action.',
      '11: roles.readers.allow[0].environments[0] matches no environment; did you mean a?',
      '11: roles.readers.allow[0].tools[1] matches no tool.',
    ])
  })

  it('tells what is wrong with dynamic secrets, where they are', () => {
    const text = `environments: { a: { source: aws }, b: { source: env } }
tools:
  t:
    secrets:
      s: { ref: x, kind: dynamic, maxStale: 1m }
`
    expect(problems(text)).toEqual([
      '5: tools.t.secrets.s.kind is dynamic, which only an environment with the source openbao can have.',
      '5: tools.t.secrets.s.ref must be MOUNT/ROLE: it is dynamic.',
      '5: tools.t.secrets.s.maxStale must be 0: a lease that has ended is worth nothing.',
    ])
    const twice = `environments: { a: { source: openbao, leases: { budget: 0 } } }
tools: { t: { secrets: { s: { ref: database/app, kind: dynamic }, u: database/app } } }`
    expect(problems(twice)).toEqual(['1: environments.a.leases.budget must be 1 or more.'])
    expect(problems(twice.replace('budget: 0', 'budget: 2'))).toEqual([
      '1: environments.a database/app is dynamic for one secret and static for another.',
    ])
  })

  it('has dynamic secrets where the source makes them; elsewhere they are read', () => {
    const text = `environments: { a: { source: openbao, leases: { budget: 3 } }, b: { source: aws } }
tools: { t: { secrets: { s: { ref: database/app, kind: dynamic, jsonKey: password } } } }`
    const { environments } = parseServiceConfig({ path: 'service.yaml', text })
    const secretIn = (name: string) => environments.get(name)?.tools.get('t')?.secrets.get('s')
    expect(secretIn('a')).toEqual({ ref: 'database/app', jsonKey: 'password', dynamic: true })
    expect(secretIn('b')).toEqual({ ref: 'database/app', jsonKey: 'password' })
    expect([...environments.values()].map(({ leaseBudget }) => leaseBudget)).toEqual([3, 10])
  })

  it.each([
    ['a: [', '1: this is not YAML (BAD_INDENT).'],
    ['tools: {}\ntools: {}', '2: a key is given twice.'],
    ['a: &x [*x]', '1: aliases are not taken; write it out.'],
    ['a:\n  __proto__: 1', '2: __proto__ is not taken.'],
    ['[', '1: this is not YAML'],
    [`a: ${'['.repeat(100_000)}`, '1: this is not YAML'],
    [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, '1: this is not YAML'],
    [`${'['.repeat(100)}${']'.repeat(100)}`, '1: this is nested too deep.'],
    ['- 1', '1: the file must be a table.'],
  ])('takes no %j', (text, problem) => {
    expect(problems(text).join('\n').slice(0, 10_000)).toContain(problem)
  })
})

describe('an overlay', () => {
  it('changes its own environment and no other', () => {
    const over = `environment: { source: memory, ttl: 1m }
tools:
  payments: { settings: { timeoutMs: 9 }, secrets: { db: other/db } }
  mail: { settings: {} }
`
    const { environments } = parse(whole, { development: over })
    const { sources, ttlMs, tools } = environments.get('development') ?? expect.unreachable()
    expect(sources[0]).toEqual({ kind: 'named', name: 'memory', variables: {} })
    expect(sources).toHaveLength(3)
    expect(ttlMs).toBe(60_000)
    expect(tools.get('payments')?.settings).toEqual({ baseUrl: 'https://api.example.com', timeoutMs: 9 })
    expect([...(tools.get('payments')?.secrets ?? [])]).toEqual([
      ['apiKey', { ref: 'payments/api-key' }],
      ['db', { ref: 'other/db' }],
    ])
    expect(tools.has('mail')).toBe(true)
    expect(environments.get('production')).toEqual(parse(whole).environments.get('production'))
  })

  it('that is wrong, or over nothing, is told by its own name and line', () => {
    expect(
      problems(whole, { prodution: '', staging: 'environment:\n  mount: x\n  maxStale: 1h\n  cache: none\n  tll: 1m' }),
    ).toEqual([
      'prodution.yaml:1: the file is laid over no environment; did you mean production?',
      'staging.yaml:5: environment.tll is not an option; did you mean ttl?',
    ])
    expect(problems(whole, { staging: 'environment:\n  cache: none\n  maxStale: 1h' })).toEqual([
      'staging.yaml:3: environment.maxStale needs a cache, and cache is none.',
    ])
  })

  it('is found beside the file that it is laid over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-service-'))
    try {
      const path = join(folder, 'keyplane-service.yaml')
      expect(() => readServiceConfig(path)).toThrow(/can't be read \(ENOENT\)/)
      writeFileSync(path, whole)
      writeFileSync(join(folder, 'keyplane-service.ci.yaml'), 'environment: { maxStale: 2h }')
      writeFileSync(join(folder, 'keyplane-service.staging.yml'), 'environment: { ttl: 2h }')
      writeFileSync(join(folder, 'keyplane-service.yaml~'), 'no overlay')
      const { environments } = readServiceConfig(path)
      expect(environments.get('ci')?.maxStaleMs).toBe(7_200_000)
      expect(environments.get('staging')?.ttlMs).toBe(7_200_000)
      writeFileSync(join(folder, 'keyplane-service.ci.yml'), '')
      expect(() => readServiceConfig(path)).toThrow(/ci\.yaml and .*ci\.yml are both laid over ci/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** The same data with the keys of each table in another order. */
const turned = (data: unknown): unknown => {
  if (Array.isArray(data)) return data.map(turned)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(
    Object.entries(data)
      .map(([name, member]) => [name, turned(member)])
      .reverse(),
  )
}

describe('any text', () => {
  it('is a configuration, or is told to be none', () => {
    const parts = [
      ...whole.split(/(?=[\s{}[\]:,])/),
      '&x',
      '*x',
      '<<',
      '!!set',
      '|',
      '\t',
      '"',
      '__proto__',
      '- ',
      '? ',
    ]
    const pieces = fc
      .array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary' })))
      .map((list) => list.join(''))
    const damaged = fc
      .tuple(fc.nat(whole.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 5 }))
      .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length))
    fc.assert(
      fc.property(fc.oneof(pieces, damaged), (text) => {
        for (const problem of problems(text)) expect(problem).toMatch(/^\d+: [^]+[.?]$/)
      }),
    )
  })

  it('means the same in another order of its keys', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/)
    const tools = fc.dictionary(
      name,
      fc.record({ settings: fc.dictionary(name, fc.jsonValue({ maxDepth: 2 })), secrets: fc.dictionary(name, name) }),
    )
    const environments = fc.dictionary(
      name,
      fc.record({
        source: fc.constantFrom('aws', 'openbao'),
        ttl: fc.constantFrom('1m', '5'),
        fallback: fc.constant('none'),
      }),
    )
    fc.assert(
      fc.property(fc.record({ environments, tools }), (data) => {
        const [text, other] = [stringify(data), stringify(turned(data))]
        const [wrong, otherWrong] = [problems(text), problems(other)]
        const bare = (told: string[]): string[] => told.map((line) => line.replace(/^\d+/, '')).toSorted()
        expect(bare(otherWrong)).toEqual(bare(wrong))
        if (wrong.length === 0) expect(parse(other)).toEqual(parse(text))
      }),
    )
  })
})
