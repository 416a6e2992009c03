import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { getSecretTarget, parseGetSecret } from './get-secret-request.ts'
import { splitTarget } from './request-target.ts'

const query = (text: string) => parseGetSecret(`/secretsmanager/get?${text}`)
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe('the query form', () => {
  it.each<[string, object]>([
    ['secretId=MyTest', { secretId: 'MyTest', refreshNow: false }],
    ['secretId=a&versionId=v&versionStage=AWSPREVIOUS', { secretId: 'a', versionId: 'v', versionStage: 'AWSPREVIOUS' }],
    ['&&secretId=a&&', { secretId: 'a' }],
    ['secretId=a&secretId=b', { secretId: 'b' }],
    ['secret%49d=a%2Fb+c', { secretId: 'a/b c' }],
    ['secretId=%FF', { secretId: '\uFFFD' }],
    ['secretId=%zz', { secretId: '%zz' }],
    ['secretId=a#&x=1', { secretId: 'a' }],
    ['secretId=a&versionId=&versionStage', { versionId: '', versionStage: '' }],
    ['secretId=a&refreshNow=TRUE', { refreshNow: true }],
    ['secretId=a&refreshNow=1&refreshNow=0', { refreshNow: false }],
    [latin1('secretId=café'), { secretId: 'café' }],
    ['secretId=a&jsonKey=user.name&jsonKey=p%20w', { secretId: 'a', jsonKey: 'p w' }],
    ['secretId=a&roleArn=arn:aws:iam::123456789012:role/x/y', { roleArn: 'arn:aws:iam::123456789012:role/x/y' }],
  ])('%j is understood', (text, expected) => {
    expect(query(text)).toMatchObject({ ok: true, ...expected })
  })

  it.each([
    ['', 'missing parameter secretId'],
    ['secretId=', 'missing parameter secretId'],
    ['versionId=x', 'missing parameter secretId'],
    ['SecretId=a', 'unknown parameter: SecretId'],
    ['?secretId=a', 'unknown parameter: ?secretId'],
    ['x%0Ay=1&refreshNow=no', 'unknown parameter: x\ny'],
    ['refreshNow=no&x=1', 'invalid refreshNow value'],
    ['secretId=a&refreshNow', 'invalid refreshNow value'],
    ['secretId=a&refreshNow=', 'invalid refreshNow value'],
    ['secretId=a&refreshNow=yes&refreshNow=1', 'invalid refreshNow value'],
    ['secretId=a&refreshNow=__proto__', 'invalid refreshNow value'],
    ['secretId=a&jsonKey=', 'invalid jsonKey value'],
    ['secretId=a&jsonKey&jsonKey=x', 'invalid jsonKey value'],
    ['secretId=a&jsonkey=x', 'unknown parameter: jsonkey'],
    ['roleArn=x', 'missing parameter secretId'],
    ['secretId=a&roleArn=x', 'invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>'],
    [
      'secretId=a&roleArn=arn:aws:iam::123456789012:user/x',
      'invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>',
    ],
  ])('%j is refused with 400 and %j', (text, body) => {
    expect(query(text)).toEqual({ ok: false, status: 400, body })
  })
})

describe('the path form', () => {
  it.each([
    ['/v1/MyTest', 'MyTest'],
    ['/v1/My/Test', 'My/Test'],
    ['/v1/My%20Test', 'My%20Test'],
    [latin1('/v1/café'), 'caf%C3%A9'],
    ['/v1/a\\b', 'a/b'],
    ['/v1/a"b', 'a%22b'],
    ['/v1//a', '/a'],
    ['/v1/a/', 'a/'],
    ['/v1/a..b/...', 'a..b/...'],
    [
      '/v1/arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf',
    ],
    ['/v1/a?versionId=v', 'a'],
    ['/v1/a#b', 'a'],
    ['http://localhost:2773/v1/MyTest', 'MyTest'],
  ])('%j asks for %j', (target, secretId) => {
    expect(parseGetSecret(target)).toMatchObject({ ok: true, secretId })
  })

  it.each([
    ['/v1/', 400, 'missing secret ID'],
    ['/v1/?x=1', 400, 'missing secret ID'],
    ['/v1/a?secretId=b', 400, 'unknown parameter: secretId'],
    ['/v1/a?refreshNow=2', 400, 'invalid refreshNow value'],
    ['/v1/..', 400, 'invalid secret ID'],
    ['/v1/../secretsmanager/get', 400, 'invalid secret ID'],
    ['/v1/a/%2E%2e/b', 400, 'invalid secret ID'],
    ['/v1/a\\..\\b', 400, 'invalid secret ID'],
    ['/v1/./a', 400, 'invalid secret ID'],
    ['/v1', 404, 'Not found'],
    ['/V1/x', 404, 'Not found'],
    ['//v1/x', 404, 'Not found'],
    ['/secretsmanager/get/', 404, 'Not found'],
    ['/systemsmanager/parameters/get', 404, 'Not found'],
    ['*', 404, 'Not found'],
    ['', 404, 'Not found'],
    ['v1/x', 404, 'Not found'],
  ])('%j is refused with %i and %j', (target, status, body) => {
    expect(parseGetSecret(target)).toEqual({ ok: false, status, body })
  })

  it('may begin elsewhere, with a slash at its end or without', () => {
    expect(parseGetSecret('/otherwise', { pathPrefix: '/other' })).toMatchObject({ secretId: 'wise' })
    expect(parseGetSecret('/a/b', { pathPrefix: '/' })).toMatchObject({ secretId: 'a/b' })
    expect(parseGetSecret('/secretsmanager/get?secretId=a', { pathPrefix: '/' })).toMatchObject({ secretId: 'a' })
  })
})

describe('a target', () => {
  it('is taken apart without decoding', () => {
    expect(splitTarget('/a%2Fb?c=%20?d#e')).toEqual({ path: '/a%2Fb', query: 'c=%20?d' })
    expect(splitTarget('http://evil.example?x')).toEqual({ authority: 'evil.example', path: '/', query: 'x' })
  })

  it('of a client is understood as it was meant, whatever the names hold', () => {
    const text = fc.string({ unit: 'grapheme' })
    const request = fc.record(
      {
        secretId: fc.string({ unit: 'grapheme', minLength: 1 }),
        versionId: text,
        versionStage: text,
        refreshNow: fc.boolean(),
      },
      { requiredKeys: ['secretId'] },
    )
    fc.assert(
      fc.property(request, (request) => {
        expect(parseGetSecret(getSecretTarget(request))).toEqual({ ok: true, refreshNow: false, ...request })
      }),
    )
  })

  it('of any kind is answered or refused, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii' }),
        fc.constantFrom('', '/v1/', '/secretsmanager/get?'),
        (text, start) => {
          const result = parseGetSecret(start + text)
          if (result.ok) expect(result.secretId).not.toBe('')
          else expect([400, 404]).toContain(result.status)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
