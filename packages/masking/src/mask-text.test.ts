import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMasker, maskText } from './masker.ts'

/** What the rules look for, to be put together at random. */
const pieces =
  `password|token|cookie|==|%3D|%26|\n  |too short|none|secret: a/b|curl -u |-p|mysql -|api key|a|=|:|: |"|'|\\"|{|}|[|,|&| |://|@|--|Bearer |abcdefgh1|****|eyJabcde.abcdef.x|;|null|12|\n`.split(
    '|',
  )

describe('free text', () => {
  it.each([
    ['postgres://app:hunter2@db:5432/x', 'postgres://app:****@db:5432/x'],
    ['to redis://:hunter2@cache, then', 'to redis://:****@cache, then'],
    ['mongodb://u:p@h1:1,h2:2/db', 'mongodb://u:****@h1:1,h2:2/db'],
    ['postgres://app:a/b@c@db/x', 'postgres://app:****@db/x'],
    ['amqp://u:p@h1 amqp://u:p@h2', 'amqp://u:****@h1 amqp://u:****@h2'],
    ['https://ghp_0123456789abcdef0123@github.com/a', 'https://****@github.com/a'],
    ['https://h/x?access_token=abc&page=2#top', 'https://h/x?access_token=****&page=2#top'],
    ['password=hunter2', 'password=****'],
    ['password = hunter2 user=x', 'password = **** user=x'],
    ['Server=db;Password=hunter2;Database=x', 'Server=db;Password=****;Database=x'],
    ['password=a,b&c;d user=x', 'password=**** user=x'],
    ['(password=hunter2), next', '(password=****), next'],
    ["{ password: 'hunter2', user: 'x' }", "{ password: '****', user: 'x' }"],
    ['{"password":"hun\\"ter2","user":"x"}', '{"password":"****","user":"x"}'],
    ['{\\"password\\":\\"hun\\\\\\"ter2\\",\\"user\\":\\"x\\"}', '{\\"password\\":\\"****\\",\\"user\\":\\"x\\"}'],
    ['{"token":12,"a":1}', '{"token":"****","a":1}'],
    ['{"token":null}', '{"token":null}'],
    ['{"credentials":{"a":"}","b":[1]},"c":2}', '{"credentials":"****","c":2}'],
    ['{"db":{"password":"x"}}', '{"db":{"password":"****"}}'],
    ['DB_PASSWORD: hunter2', 'DB_PASSWORD: ****'],
    ['Authorization: Bearer abc.def', 'Authorization: ****'],
    ['curl -H "Authorization: Bearer abc" https://h', 'curl -H "Authorization: ****" https://h'],
    ['Cookie: a=b; c=d\r\nHost: h', 'Cookie: ****\r\nHost: h'],
    ['got Bearer abcdef1234', 'got Bearer ****'],
    ['--token=abc --user=x', '--token=**** --user=x'],
    ['run --api-key abc x', 'run --api-key **** x'],
    ['api key: abc', 'api key: ****'],
    ["headers['x-api-key'] = 'abc'", "headers['x-api-key'] = '****'"],
    ['password => "abc"', 'password => "****"'],
    ['jwt eyJhbGciOiJI.eyJzdWIiOiIx.abc_-1 end', 'jwt **** end'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nx', '****\nx'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE', '****'],
    ['"password": "never closed', '"password": "****'],
    ['pass=abc', 'pass=****'],
    ['got Bearer "abcdef1234"', 'got Bearer "****"'],
    ['password:\n  hunter2\nuser: x', 'password:\n  ****\nuser: x'],
    ['password: |\n  hun\n  ter2\nuser: x', 'password: |\n  ****\nuser: x'],
    ['a:\n  - token: >-\n      hun\n\n      ter2\n    b: 1', 'a:\n  - token: >-\n      ****\n    b: 1'],
    ['password==hunter2', 'password==****'],
    ['/login?next=a%3Fpassword%3Dhunter2%26b%3D1', '/login?next=a%3Fpassword%3D****%26b%3D1'],
    ['passphrase: is not the best', 'passphrase: ****'],
    ['sessionId=1234567890', 'sessionId=****'],
  ])('%s', (text, shown) => {
    expect(maskText(text)).toBe(shown)
  })

  it.each([
    'GET https://example.com:8080/a?page=2 took 12 ms',
    'at run (file:///srv/app/token.ts:12:3)',
    'npm://registry:4873/@scope/pkg',
    'ssh://git@github.com/a/b',
    'mailto:a@b.c time 12:30:01',
    'tokens: 42 of 100',
    'token_type=Bearer&expires_in=3600',
    'pass: 3 of 4, auth: failed',
    'a bearer of news; basic authentication',
    'if (token === undefined) return',
    'password= user=x',
    'SecretId=prod/db',
    'error in password: too short',
    'invalid token: the token has expired.',
    'secret: prod/db not found',
    'cookie: none',
    'session id: 42, apikeys: 3',
    'Invalid token:\n    at login (a.js:1:2)',
    'credentials:\n  user: ann',
    'if (token == other || token===x)',
    '',
  ])('%s stays as it is', (text) => {
    expect(maskText(text)).toBe(text)
  })

  it("finds the caller's own keys", () => {
    expect(createMasker({ keys: ['ssn'] }).text('ssn=123-45')).toBe('ssn=****')
  })

  it('gives the same when masked twice', () => {
    const piece = fc.constantFrom(...pieces)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (chosen) => {
        const once = maskText(chosen.join(''))
        expect(maskText(once)).toBe(once)
      }),
      { numRuns: 3_000 },
    )
  })

  it('lets no value through that is written in a usual way, whatever stands around it', () => {
    const canary = 'canary5f2e91'
    const around = fc.array(
      fc.constantFrom(...'a b|, |user=ann|"x":1|{|}|GET /a?b=c&|\n|; |it is |12:30|(|)|[1,2]'.split('|')),
      { maxLength: 5 },
    )
    const key = fc.constantFrom('password', 'DB_PASSWORD', 'x-api-key', 'accessToken', 'client.secret')
    const ways: readonly ((name: string) => string)[] = [
      (name) => `${name}=${canary}`,
      (name) => `${name}: ${canary}`,
      (name) => `${name} = "${canary}"`,
      (name) => `{ ${name}: '${canary}' }`,
      (name) => JSON.stringify({ [name]: canary }),
      (name) => JSON.stringify({ [name]: { deep: [canary, 'b'] } }),
      (name) => JSON.stringify(JSON.stringify({ a: 1, [name]: `x"${canary}\n`, b: 2 })),
      (name) => JSON.stringify(JSON.stringify(JSON.stringify({ a: 1, [name]: `\\"${canary}`, b: 2 }))),
      (name) => `--${name} ${canary}`,
      () => `Authorization: Digest a, b="${canary}"`,
      () => `https://ann:${canary}@example.com/`,
    ]
    const text = fc.tuple(around, key, fc.constantFrom(...ways), around)
    fc.assert(
      fc.property(text, ([before, name, way, after]) => {
        expect(maskText(`${before.join('')} ${way(name)} ${after.join('')}`)).not.toContain(canary)
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes any text in good time', () => {
    const started = performance.now()
    for (const piece of [
      'a',
      ':',
      '=',
      '://',
      '"',
      '\\',
      '--a ',
      'password=',
      'token:{',
      'auth:{',
      'secretId:[',
      'secretId:"',
      'a:b@',
      ' ',
      "['",
      '-----BEGIN PRIVATE KEY',
      'password:\n ',
      'password: |\n ',
      '  password: |\n\n',
      'password==',
      'password%3D',
      'password: too ',
      'secret: a/',
    ])
      maskText(piece.repeat(60_000 / piece.length))
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})
