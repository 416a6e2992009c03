import { describe, expect, it } from 'vitest'
import { concernsWholeDatabase, isConnectionLost, postgresError } from './errors.ts'

const said = (code: string) => postgresError({ code, severity: 'ERROR', message: 'Key (name)=(hunter2)' }, 'h/d')
const met = (code: string | undefined, message = '') => postgresError({ code, message }, 'h/d')

describe('what PostgreSQL says', () => {
  it('is told by kind, and never quoted', () => {
    const kinds = ['23505', '23503', '40P01', '53100', '25006', '28P01', '3D000', '55P03', '57014', '57P01', 'XX001']
    expect(kinds.map((code) => `${said(code).code}/${said(code).reason}`)).toEqual([
      'conflict/constraint',
      'conflict/constraint',
      'conflict/serialization',
      'unavailable/disk_full',
      'unavailable/read_only',
      'source_misconfigured/refused_login',
      'source_misconfigured/missing',
      'unavailable/busy',
      'timeout/statement',
      'unavailable/connection_lost',
      'integrity/damaged',
    ])
    for (const code of kinds) expect(JSON.stringify([said(code).message, said(code).cause])).not.toContain('hunter2')
  })

  it('is never an absence, and never unknown to the one who asks', () => {
    expect([said('42P01').code, said('42601').code, said('99999').code]).toEqual([
      'source_misconfigured',
      'internal',
      'internal',
    ])
  })

  it('tells a statement that was refused from a database that is away', () => {
    expect(['23505', '42P01', '55P03', '57014', '42601'].map((code) => concernsWholeDatabase(said(code)))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
    expect(['53100', '25006', '57P01', 'XX001'].map((code) => concernsWholeDatabase(said(code)))).toEqual([
      true,
      true,
      true,
      true,
    ])
  })
})

describe('a connection that is not had', () => {
  it('shows a certificate that is not trusted', () => {
    for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED'])
      expect(met(code, 'self-signed certificate')).toMatchObject({ code: 'source_misconfigured', reason: 'untrusted' })
  })

  it('is refused, cut or silent', () => {
    expect(met('ECONNREFUSED')).toMatchObject({ code: 'unavailable', reason: 'refused' })
    for (const [code, message] of [
      ['ECONNRESET', 'read ECONNRESET'],
      ['EPIPE', 'write EPIPE'],
      [undefined, 'Connection terminated unexpectedly'],
      [undefined, 'Client has encountered a connection error and is not queryable'],
    ] as const)
      expect(met(code, message)).toMatchObject({ code: 'unavailable', reason: 'connection_lost' })
    for (const message of ['Query read timeout', 'timeout expired', 'timeout exceeded when trying to connect'])
      expect(met(undefined, message)).toMatchObject({ code: 'timeout', reason: 'hung' })
    expect(met(undefined, 'The server does not support SSL connections')).toMatchObject({
      code: 'source_misconfigured',
      message: expect.stringContaining('h/d does not speak TLS'),
    })
    expect(isConnectionLost(met(undefined, 'Query read timeout'))).toBe(true)
  })
})
