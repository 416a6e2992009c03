import { expect, it } from 'vitest'
import { requestContext } from './index.ts'

it('a context has lists of text under keys in lower case, and no key without a value', () => {
  const context = requestContext({
    'aws:SourceIp': '10.0.0.1',
    'aws:SecureTransport': true,
    'secretsmanager:RecoveryWindowInDays': 7,
    'aws:TagKeys': ['a', 'b'],
    'aws:username': undefined,
    'aws:CalledVia': [],
    'aws:PrincipalTag/empty': '',
  })
  expect([...context]).toEqual([
    ['aws:sourceip', ['10.0.0.1']],
    ['aws:securetransport', ['true']],
    ['secretsmanager:recoverywindowindays', ['7']],
    ['aws:tagkeys', ['a', 'b']],
    ['aws:principaltag/empty', ['']],
  ])
})
