import { seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { createMasker } from '../masker.ts'
import { createValueRegistry } from './value-registry.ts'

/** Lines as programs write them, made anew by each run from one seed. */
const random = seededRandom(20_261_122)
const upTo = (limit: number): number => Math.floor(random.unit() * limit)
const pick = <T>(items: readonly T[]): T => items[upTo(items.length)] as T
const letters = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(upTo(alphabet.length))).join('')
const hexDigits = '0123456789abcdef'
const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const hex = (length: number): string => letters(hexDigits, length)
const base64 = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('base64')
const uuid = (): string => [8, 4, 4, 4, 12].map(hex).join('-')
const ip = (): string => Array.from({ length: 4 }, () => upTo(256)).join('.')
const time = (): string => new Date(Date.UTC(2026, 10, 22) + upTo(86_400_000)).toISOString()
const user = (): string =>
  pick(['ada', 'grace', 'linus', 'shop_application', 'admin123', 'postgres', 'root', 'www-data'])
const path = (): string =>
  pick(['/orders', '/api/v2/users', '/static/app.js', '/health', '/login', '/search', '/assets/logo.svg', '/metrics'])
const words =
  'connection request timeout worker started finished cache index user order payment retry pool query'.split(' ')
const sentence = (): string => Array.from({ length: 3 + upTo(8) }, () => pick(words)).join(' ')
const host = (): string =>
  pick(['db-1.internal', 'shop.c3x.eu-central-1.rds.amazonaws.com', 'localhost', 'cache.local'])

const kinds: readonly (() => string)[] = [
  () =>
    `${ip()} - ${user()} [22/Nov/2026:10:${10 + upTo(49)}:12 +0000] "GET ${path()}?page=${upTo(90)}&q=${pick(words)} HTTP/1.1" ${pick([200, 304, 404, 502])} ${upTo(90_000)} "https://shop.example.com${path()}" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`,
  () =>
    `Nov 22 10:10:${10 + upTo(49)} web-${upTo(9)} sshd[${upTo(30_000)}]: Accepted publickey for ${user()} from ${ip()} port ${upTo(60_000)} ssh2: ED25519 SHA256:${base64(32).slice(0, 43)}`,
  () =>
    `Nov 22 10:10:${10 + upTo(49)} node-${upTo(9)} systemd[1]: Started ${pick(words)}-${pick(words)}.service - ${sentence()}.`,
  () =>
    `I1122 10:10:10.${upTo(999_999)} 1 reconciler.go:${upTo(900)}] "Reconciling" pod="production/api-${hex(10)}-${letters(alphanumeric.toLowerCase(), 5)}" uid="${uuid()}"`,
  () =>
    `Normal Pulled ${upTo(50)}m kubelet Container image "registry.example.com/shop/api@sha256:${hex(64)}" already present on machine`,
  () =>
    JSON.stringify({
      level: 30,
      time: 1_700_000_000_000 + upTo(1e9),
      pid: upTo(30_000),
      hostname: host(),
      reqId: uuid(),
      msg: sentence(),
    }),
  () =>
    JSON.stringify({
      '@timestamp': time(),
      severity: 'INFO',
      trace: hex(32),
      span: hex(16),
      user: { name: user(), id: upTo(1e9) },
      message: `${sentence()} in ${upTo(900)}ms`,
    }),
  () =>
    `Error: ${sentence()}\n    at ${pick(words)} (/app/packages/api/src/${pick(words)}.ts:${upTo(300)}:${upTo(80)})\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)`,
  () =>
    JSON.stringify({
      level: 50,
      err: {
        type: 'TypeError',
        message: sentence(),
        stack: `TypeError: ${sentence()}\n    at async ${path()}:${upTo(99)}:1`,
      },
    }),
  () =>
    `${time()} LOG:  duration: ${upTo(900)}.${upTo(999)} ms  statement: SELECT id, name, created_at FROM ${pick(words)}s WHERE tenant_id = '${uuid()}' AND state IN ('new','paid') ORDER BY id LIMIT ${upTo(100)}`,
  () => `commit ${hex(40)} Author: ${user()} <${user()}@example.com> ${sentence()}`,
  () => `${hex(7)}..${hex(7)}  main -> main (production)`,
  () => `uploaded ${pick(words)}-${upTo(1e6)}.png etag="${hex(32)}" md5=${base64(16)} size=${upTo(1e7)}`,
  () => `data:image/png;base64,${base64(60 + upTo(300))}`,
  () =>
    `[Sat Nov 22 10:10:10.${upTo(999_999)} 2026] [proxy:error] [pid ${upTo(9_999)}] AH00959: worker for (${host()}:${upTo(9_999)}) ${sentence()}`,
  () =>
    `level=info ts=${time()} caller=compact.go:${upTo(900)} component=tsdb msg="${sentence()}" duration=${upTo(900)}ms ulid=01JD${letters('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 22)}`,
  () =>
    `${time()} DEBUG 1 --- [nio-8080-exec-${upTo(20)}] c.e.shop.OrderService : Order{id=${upTo(1e8)}, state=PAID, customer='${user()}'} ${sentence()}`,
  () => `npm info using npm@11.${upTo(9)}.${upTo(9)} added ${upTo(900)} packages, integrity sha512-${base64(64)}`,
  () =>
    `GET https://shop.example.com${path()}?utm_source=mail%20list&next=%2Forders%2F${upTo(1e6)}&session_started=${upTo(1e9)} 200`,
  () => `redis ${upTo(99)}:M 22 Nov 2026 10:10:10.123 * ${upTo(100)} changes in 300 seconds. Saving... to ${host()}`,
]
const lines = Array.from({ length: 4_000 }, (_, index) => (kinds[index % kinds.length] as () => string)())

const secrets = [
  ...Array.from({ length: 200 }, () => hex(32)),
  ...Array.from({ length: 200 }, () => base64(24)),
  ...Array.from({ length: 200 }, () => letters(alphanumeric, 8 + upTo(24))),
  ...Array.from({ length: 100 }, () => letters('0123456789', 8 + upTo(8))),
  ...Array.from({ length: 100 }, uuid),
  ...Array.from({ length: 100 }, () => letters(`${alphanumeric}!#$%&*()-_=+[]<>?/ "'`, 16 + upTo(16))),
  ...Array.from({ length: 100 }, () => `postgres://app:${letters(alphanumeric, 20)}@${host()}:5432/app`),
  // As people choose them.
  'changeme',
  'Password1',
  'hunter22',
  'letmein1',
  'correct horse',
  'production',
  'localhost',
  'postgres',
]
const databases = Array.from({ length: 100 }, (_, index) =>
  JSON.stringify({
    username: pick(['postgres', 'shop_application', 'root', 'admin123']),
    password: letters(`${alphanumeric}!#$%&*()-_=+[]<>?`, 32),
    engine: pick(['postgres', 'mysql', 'mariadb']),
    host: `shop-${index}.c3x.eu-central-1.rds.amazonaws.com`,
    port: pick([5_432, 3_306]),
    dbname: pick(['orders', 'production', 'shop_production']),
    dbInstanceIdentifier: `shop-${index}`,
    masterarn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:master',
  }),
)

const registryOf = (values: readonly string[]) => {
  const registry = createValueRegistry()
  for (const value of values) registry.hold(value)
  return registry
}

const plain = createMasker({ values: false })

describe('ordinary logs', () => {
  it('stay as they are beside 1,000 random secrets and those of 100 databases', () => {
    const values = registryOf([...secrets, ...databases])
    expect(values.size).toBeGreaterThan(1_100)
    const masker = createMasker({ values })
    expect(lines.filter((line) => masker.line(line) !== plain.line(line))).toEqual([])
  })

  it('lose a secret that is a word of everybody, and nothing else', () => {
    const masker = createMasker({ values: registryOf([...secrets, 'admin123', 'example.com']) })
    const changed = lines.filter((line) => masker.line(line) !== plain.line(line))
    expect(changed.length).toBeGreaterThan(0)
    for (const line of changed)
      expect(masker.line(line)).toBe(plain.line(line.replaceAll('admin123', '****').replaceAll('example.com', '****')))
  })
})
