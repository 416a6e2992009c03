import { inspect } from 'node:util'
import { BytesValue, type SecretVersion, type Stage, TextValue } from '@keyplane/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeSecret, parseSecret } from './get-secret-answer.ts'

const version: SecretVersion = {
  id: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:MyTest-AbCdEf',
  name: 'MyTest',
  version: 'a1b2',
  stages: ['current', 'label:x'],
  createdAtMs: 1_569_534_789_046,
  value: new TextValue('s'),
}

describe("the agent's answer", () => {
  it('has the keys of the AWS agent in their order', () => {
    expect(encodeSecret(version)).toBe(
      `{"ARN":"${version.id}","Name":"MyTest","VersionId":"a1b2","SecretString":"s",` +
        '"VersionStages":["AWSCURRENT","x"],"CreatedDate":"1569534789.046"}',
    )
  })

  it('leaves out or nulls what is absent, and writes whole seconds without a point', () => {
    expect(encodeSecret({ id: 'a', value: new TextValue('') })).toBe(
      '{"ARN":"a","Name":null,"VersionId":null,"SecretString":"","CreatedDate":null}',
    )
    expect(encodeSecret({ id: 'a', value: new TextValue(''), stages: [], createdAtMs: 1_569_534_789_000 })).toContain(
      '"VersionStages":[],"CreatedDate":"1569534789"}',
    )
  })

  it('escapes no more than JSON asks for', () => {
    const body = encodeSecret({ id: 'a', value: new TextValue('\u0001\n"\\\u2028\u007f🔑ü') })
    expect(body).toContain('"SecretString":"\\u0001\\n\\"\\\\\u2028\u007f🔑ü"')
  })

  it('holds bytes as padded base64', () => {
    expect(encodeSecret({ id: 'a', value: new BytesValue(Uint8Array.of(255, 254)) })).toContain('"SecretBinary":"//4="')
  })

  it('is read as it was written', () => {
    const stage = fc.oneof(
      fc.constantFrom<Stage>('current', 'previous', 'pending'),
      fc
        .string()
        .filter((label) => !label.startsWith('AWS'))
        .map((label): Stage => `label:${label}`),
    )
    const anyVersion = fc.record(
      {
        id: fc.string(),
        name: fc.string(),
        version: fc.string(),
        stages: fc.array(stage),
        createdAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
        value: fc.oneof(
          fc.string({ unit: 'grapheme' }).map((text) => new TextValue(text)),
          fc.uint8Array().map((bytes) => new BytesValue(bytes)),
        ),
      },
      { requiredKeys: ['id', 'value'] },
    )
    fc.assert(
      fc.property(anyVersion, (written) => {
        const read = parseSecret(encodeSecret(written))
        expect({ ...read, value: null }).toEqual({ ...written, value: null })
        expect(read.value.kind).toBe(written.value.kind)
        expect(read.value.reveal()).toEqual(written.value.reveal())
        expect(Object.isFrozen(read)).toBe(true)
      }),
    )
  })

  it.each([
    '',
    'healthy',
    'null',
    '[]',
    '{}',
    '{"ARN":"a"}',
    '{"ARN":"a","SecretString":1}',
    '{"ARN":"a","SecretString":"canary","SecretBinary":"AAAA"}',
    '{"ARN":"a","SecretBinary":"canary!"}',
    '{"ARN":null,"Name":null,"SecretString":"canary"}',
    '{"ARN":"a","SecretString":"canary","VersionStages":"x"}',
    '{"ARN":"a","SecretString":"canary","VersionStages":[1]}',
    '{"ARN":"a","SecretString":"canary","CreatedDate":"yesterday"}',
    '{"ARN":"a","SecretString":"canary","CreatedDate":true}',
    '{"ARN":"a","SecretString":"canary"',
  ])('is not %j, and the error does not quote it', (body) => {
    let thrown: unknown
    try {
      parseSecret(body)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'bad_response' })
    expect(inspect(thrown, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it('may have its date as a number, as AWS writes it', () => {
    expect(parseSecret('{"ARN":"a","SecretString":"","CreatedDate":1569534789.046}').createdAtMs).toBe(
      1_569_534_789_046,
    )
  })
})
