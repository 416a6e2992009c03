import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, noFunction, notFound } from './known-refusals.ts'
import { startWithSecretsToRotate } from './secrets-to-rotate.ts'
import { type Body, TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => startWithSecretsToRotate(store))
afterAll(() => store.remove())

const refused = (more: Body = {}) =>
  store.refused('RotateSecret', { SecretId: 'rotate/one', ClientRequestToken: tokenOf('r'), ...more })

describe('RotateSecret', () => {
  describe('errors', () => {
    it('tell that there is no function, or none that can be invoked; the secret stays as it is', async () => {
      const before = await store.ok('DescribeSecret', { SecretId: 'rotate/one' })
      expect(await refused()).toBe(noFunction)
      expect(await refused({ RotationLambdaARN: '' })).toBe(noFunction)
      expect(await refused({ RotationLambdaARN: 'arn:aws:lambda:eu-west-1:000000000000:function:f' })).toBe(
        'AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      )
      expect(await store.ok('DescribeSecret', { SecretId: 'rotate/one' })).toEqual(before)
    })

    it('want a token before the secret is looked up, under another name than writes do', async () => {
      expect(await refused({ SecretId: 'nowhere', ClientRequestToken: undefined })).toBe(
        'InvalidParameterException: You must provide a ClientRequestToken value. We recommend a UUID-type value.',
      )
      expect(await refused({ ClientRequestToken: 'short' })).toBe(
        'InvalidParameterException: ClientRequestToken must be 32-64 characters long.',
      )
    })

    it('come from a secret that is not there, or is going', async () => {
      expect(await refused({ SecretId: 'nowhere' })).toBe(notFound)
      expect(await refused({ SecretId: 'rotate/going' })).toBe(marked)
    })
  })

  describe('parameters', () => {
    it('has one kind of schedule, and days from 1 to 1000', async () => {
      const rules = (RotationRules: Body) => refused({ RotationRules })
      expect(await rules({ AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' })).toBe(
        'InvalidParameterException: You cannot specify both rotation frequency and schedule expression together.',
      )
      for (const AutomaticallyAfterDays of [0, 1001, -1])
        expect(await rules({ AutomaticallyAfterDays })).toBe(
          'InvalidParameterException: RotationRules.AutomaticallyAfterDays must be within 1-1000.',
        )
      for (const AutomaticallyAfterDays of [1, 1000]) expect(await rules({ AutomaticallyAfterDays })).toBe(noFunction)
    })

    it('knows rates from four hours to 999 days, and schedules on the hour', async () => {
      const schedule = (ScheduleExpression: string) => refused({ RotationRules: { ScheduleExpression } })
      for (const good of [
        'rate(4 hours)',
        'rate(1 day)',
        'rate(999 days)',
        'cron(0 8 * * ? *)',
        'cron(0 /4 ? * SUN#1 *)',
        'cron(0 2/10 L * ? *)',
      ])
        expect(await schedule(good)).toBe(noFunction)
      for (const bad of [
        'rate(3 hours)',
        'rate(1000 days)',
        'rate(1 week)',
        'cron(30 8 * * ? *)',
        'cron(0 * * * ? *)',
        'cron(0 8 * * * *)',
        'cron(0 8 * * ? 2030)',
        'cron(0 8 * *)',
        'daily',
      ])
        expect(await schedule(bad)).toMatch(/^InvalidParameterException/)
      expect(await schedule('rate(1 day);')).toMatch(/^ValidationException: .*regular expression/)
    })

    it('has windows of whole hours', async () => {
      const window = (Duration: string) => refused({ RotationRules: { Duration, ScheduleExpression: 'rate(2 days)' } })
      expect(await window('3h')).toBe(noFunction)
      expect(await window('25h')).toMatch(/^InvalidParameterException: .*past midnight/)
      for (const Duration of ['h', '100h', '3m']) expect(await window(Duration)).toMatch(/^ValidationException/)
    })
  })
})
