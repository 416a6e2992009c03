import { inspect } from 'node:util'
import { systemRandom, TextValue } from '@keyplane/core'
import { postgresTwoUsersRotator, type RotatorCall } from '@keyplane/rotation'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PostgresDouble, type Refusal } from './postgres-double.ts'

const call: RotatorCall = {
  secretId: 'prod/db',
  rotationId: 'r',
  pendingVersion: 'v2',
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
}

/** What comes of a change at a server that has such a rule. */
const refusedBy = async (refusal: Refusal) => {
  const server = new PostgresDouble(refusal)
  onTestFinished(() => server.close())
  const login = { host: '127.0.0.1', port: await server.listen(), username: 'app', password: 'the-first' }
  const current = new TextValue(JSON.stringify(login))
  const admin = async () => new TextValue(JSON.stringify({ ...login, username: 'root' }))
  const rotator = postgresTwoUsersRotator({ random: systemRandom, admin })
  const pending = await rotator.create(call, current)
  const failure: unknown = await rotator.set(call, { current, pending }).catch((error: unknown) => error)
  return { server, failure, password: (JSON.parse(String(pending.reveal())) as { readonly password: string }).password }
}

const credcheck = { code: '28000', message: 'password type is not a plain text' }

describe('a PostgreSQL whose rules take no verifier', () => {
  it.each<[string, Refusal]>([
    ['credcheck', credcheck],
    ['credcheck before its version 1', { code: 'XX000', message: 'password type is not a plain text' }],
    ['a module like passwordcheck', { code: '22023', message: 'passwords must not be hashed' }],
    ['a server that does not know them', { code: '0A000', message: 'not supported' }],
  ])('is told from one that fails: %s', async (_, refusal) => {
    const { failure } = await refusedBy(refusal)
    expect(failure).toMatchObject({ code: 'source_misconfigured', reason: 'refused_verifier' })
  })

  it('is sent neither another verifier nor the password, and nothing is committed', async () => {
    const { server, failure, password } = await refusedBy(credcheck)
    expect(server.statements.filter((statement) => statement.includes('SCRAM-SHA-256$'))).toHaveLength(1)
    expect(server.statements).not.toContain('commit')
    expect(server.statements.join('\n')).not.toContain(password)
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(/SCRAM-SHA-256\$|plain text/)
  })

  it.each<[string, Refusal, string]>([
    ['who may not change the user', { code: '42501', message: 'permission denied' }, 'statement_refused'],
    ['while somebody else changes him', { code: 'XX000', message: 'tuple concurrently updated' }, 'server_refused'],
    ['while the disk is full', { code: '53100', message: 'could not extend file' }, 'server_refused'],
  ])('is not one that refuses whoever asks, %s', async (_, refusal, reason) => {
    const { failure } = await refusedBy(refusal)
    expect(failure).toMatchObject({ reason })
  })
})
