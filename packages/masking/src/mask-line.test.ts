import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMasker } from './masker.ts'

const { line, data } = createMasker()

describe('a ready log line', () => {
  it.each([
    ['{"msg":"x","password":"a\\"b"}\n', '{"msg":"x","password":"****"}\n'],
    ['{"credentials":{"a":["}"]},"b":1}', '{"credentials":"****","b":1}'],
    ['{"token":12,"secret":true,"pwd":null}', '{"token":"****","secret":"****","pwd":null}'],
    ['{"pass\\u0077ord":"x"}', '{"password":"x"}'.replace('"x"', '"****"').replace('w', '\\u0077')],
    ['{"msg":"say {\\"password\\":\\"x\\"} now"}', '{"msg":"say {\\"password\\":\\"****\\"} now"}'],
    ['{"postgres://u:p@h":1}', '{"postgres://u:****@h":1}'],
    [
      '{"body":{"type":"Buffer","data":[112,119,100,61,120]}}',
      '{"body":{"type":"Buffer","data":[112,119,100,61,42,42,42,42]}}',
    ],
    [
      '{"body":{"0":112,"1":119,"2":100,"3":61,"4":120}}',
      JSON.stringify({ body: new TextEncoder().encode('pwd=****') }),
    ],
    [
      '{"h":[["x-api-key","x"],["a","b"], [ "cookie", "y" ]],"r":["password","email"],"e":[["password","token"]]}',
      '{"h":[["x-api-key","****"],["a","b"], [ "cookie", "****" ]],"r":["password","email"],"e":[["password","token"]]}',
    ],
    ['{"a":-1.5e3,"b":[true,false,null]}', '{"a":-1.5e3,"b":[true,false,null]}'],
  ])('%s', (given, shown) => {
    expect(line(given)).toBe(shown)
  })

  it.each([
    ['{ password: \'x\', "a": 1 }', '{ password: \'****\', "a": 1 }'],
    ['{"a":1} password=x', '{"a":1} password=****'],
    ['{"a":"b password=x', '{"a":"b password=****'],
    ['{"password":"x', '{"password":"****'],
    ['INFO password=x', 'INFO password=****'],
  ])('%s, which is no JSON, is masked as text', (given, shown) => {
    expect(line(given)).toBe(shown)
  })

  it('may have blanks between its parts', () => {
    const fields = {
      a: { password: 'x', token: 5, list: [1, { pwd: 'a "b"' }] },
      auth: { credentials: [1], user: 'ann' },
    }
    const pretty = JSON.stringify(fields, null, 2).replaceAll('":', '" :')
    expect(JSON.parse(line(pretty))).toEqual(data(fields))
    expect(line(pretty)).toContain('"password" : "****",\n')
  })

  it('is masked in good time, however deep', () => {
    const started = performance.now()
    for (const key of ['auth', 'secretId', 'user']) line(`${`{"${key}":`.repeat(10_000)}1${'}'.repeat(10_000)}`)
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('is masked as the data in it would be', () => {
    const key = fc.constantFrom('password', 'tokens', 'hasToken', 'user', 'a"b', 'auth', 'é\n', 'secretId', 'cookie')
    const leaf = fc.oneof(
      fc.constantFrom('password', 'cookie'),
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('password=x y', '"token":"a"'),
    )
    const tree = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.dictionary(key, tie('tree')), fc.array(tie('tree'))),
    })).tree
    fc.assert(
      fc.property(fc.dictionary(key, tree), (fields) => {
        expect(JSON.parse(line(JSON.stringify(fields)))).toEqual(JSON.parse(JSON.stringify(data(fields))))
      }),
      { numRuns: 500 },
    )
  })
})
