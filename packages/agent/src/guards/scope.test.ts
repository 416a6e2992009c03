import { TextValue } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { Scope } from './scope.ts'

const scope = new Scope(['app/*', 'shared'])
const arn = (rest: string): string => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${rest}`

describe('a scope', () => {
  it.each([
    'app/db',
    'app/a/b',
    'app/..db',
    'app/a...b',
    'app/.db',
    'shared',
    arn('app/db-AbCdEf'),
    arn('app/db'),
    arn('shared-AbCdEf'),
    arn('shared'),
  ])('lets a client ask for %s', (id) => {
    expect(scope.mayAsk({ id })).toBe(true)
  })

  it.each([
    'app',
    'App/db',
    'other',
    'shared/x',
    'xshared',
    'app/../other',
    'app/..',
    'app/./db',
    'app/%2e%2E/other',
    'app/x\\..\\y',
    '',
    arn('other-AbCdEf'),
    arn('shared-AbCdE'),
    arn(''),
    'arn:aws:ssm:eu-west-1:111122223333:parameter/shared2',
    'arn:aws:iam::111122223333:secret:shared',
  ])('does not let it ask for %j', (id) => {
    expect(scope.mayAsk({ id })).toBe(false)
  })

  it('assumes no role', () => {
    expect(scope.mayAsk({ id: 'shared', as: 'arn:aws:iam::111122223333:role/x' })).toBe(false)
  })

  it('judges what was found by its name, whatever was asked for', () => {
    const value = new TextValue('')
    // This ARN is that of `shared`, or a part of the ARN of a secret named `shared-AbCdEf`.
    expect(scope.mayHave({ id: arn('shared-AbCdEf'), name: 'shared', value })).toBe(true)
    expect(scope.mayHave({ id: arn('shared-AbCdEf-GhIjKl'), name: 'shared-AbCdEf', value })).toBe(false)
    expect(scope.mayHave({ id: 'shared', value })).toBe(true)
  })

  it('takes the ARN of a parameter, whose name may begin with a slash', () => {
    const parameters = new Scope(['/app/*'])
    expect(parameters.mayAsk({ id: 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/x' })).toBe(true)
    expect(parameters.mayAsk({ id: 'arn:aws:ssm:eu-west-1:111122223333:parameter/other/x' })).toBe(false)
  })

  it('of nothing takes nothing', () => {
    expect(new Scope([]).mayAsk({ id: 'x' })).toBe(false)
  })
})
