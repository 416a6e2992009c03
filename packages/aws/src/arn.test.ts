import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSecretArn, secretArn } from './arn.ts'

const prefix = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:'

describe('the ARN of a secret', () => {
  it('is written with the partition of its region', () => {
    const parts = { account: '123456789012', name: 'db/main', suffix: 'AbC123' }
    expect(secretArn({ ...parts, region: 'eu-west-1' })).toBe(`${prefix}db/main-AbC123`)
    expect(secretArn({ ...parts, region: 'cn-north-1' })).toMatch(/^arn:aws-cn:/)
    expect(secretArn({ ...parts, region: 'us-gov-west-1' })).toMatch(/^arn:aws-us-gov:/)
  })

  it('that ends in a hyphen and six alphanumerics is complete', () => {
    expect(parseSecretArn(`${prefix}db/main-AbC123`)).toMatchObject({ name: 'db/main', suffix: 'AbC123' })
    expect(parseSecretArn(`${prefix}X-a1b2c3`)).toMatchObject({ name: 'X', suffix: 'a1b2c3' })
  })

  it.each(['X', 'Valid/_+=.@-Name-a1b2', 'X-a1b2c3-', '-a1b2c3', 'X-a1b2c34', 'rds!db-a1.b2c'])(
    'that ends otherwise is partial: %s',
    (name) => {
      const parsed = parseSecretArn(`${prefix}${name}`)
      expect(parsed).toMatchObject({ name, resource: name })
      expect(parsed).not.toHaveProperty('suffix')
    },
  )

  it.each([
    '',
    'db/main',
    prefix,
    'arn:aws:ssm:eu-west-1:123456789012:secret:x',
    'arn:aws:secretsmanager:eu-west-1:12345678901:secret:x',
    'arn:aws:secretsmanager::123456789012:secret:x',
    `${prefix}a b`,
    `${prefix}a\n`,
    ` ${prefix}a`,
  ])('is not %j', (text) => {
    expect(parseSecretArn(text)).toBeUndefined()
  })

  it('is read as it was written', () => {
    const name = fc.stringMatching(/^[\w/+=.@-]{1,80}$/)
    const suffix = fc.stringMatching(/^[A-Za-z0-9]{6}$/)
    fc.assert(
      fc.property(name, suffix, (name, suffix) => {
        const parts = { partition: 'aws', region: 'us-east-2', account: '000000000000', name, suffix }
        expect(parseSecretArn(secretArn(parts))).toEqual({ ...parts, resource: `${name}-${suffix}` })
      }),
    )
  })
})
