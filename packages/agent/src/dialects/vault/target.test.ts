import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { vaultQuestion } from './target.ts'

const mounts = ['secret', 'team/kv']
const ask = (target: string) => vaultQuestion(target, mounts)
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe('a target of Vault’s', () => {
  it.each([
    ['/v1/secret/data/app/db', { path: 'app/db', version: 0 }],
    ['/v1/secret/data/app/db?version=3', { path: 'app/db', version: 3 }],
    ['/v1/secret/data/x?list=false&list=true', { path: 'x', version: 0 }],
    ['/v1/secret/data/x?list=&scan=0', { path: 'x', version: 0 }],
    ['/v1/secret/data/a%20b%23c', { path: 'a b#c', version: 0 }],
    ['/v1/secret/data/a%2Fb', { path: 'a/b', version: 0 }],
    [latin1('/v1/secret/data/café'), { path: 'café', version: 0 }],
    ['/v1/team/kv/data/x', { path: 'x', version: 0 }],
    ['/v1/secret/data/data/x', { path: 'data/x', version: 0 }],
    ['/v1/%73ecret/data/x', { path: 'x', version: 0 }],
    ['/v1/secret/data/arn:aws:x', { path: 'arn:aws:x', version: 0 }],
  ])('%j is a read', (target, expected) => {
    expect(ask(target)).toEqual({ kind: 'read', ...expected })
  })

  it.each([
    ['/v1/sys/internal/ui/mounts/secret', { kind: 'mount', mount: 'secret' }],
    ['/v1/sys/internal/ui/mounts/secret/app/db', { kind: 'mount', mount: 'secret' }],
    ['/v1/sys/internal/ui/mounts/team/kv/x', { kind: 'mount', mount: 'team/kv' }],
    ['/v1/auth/token/lookup-self', { kind: 'lookup-self' }],
    ['/v1/sys/health?standbyok=true', { kind: 'health' }],
    ['/v1/sys/seal-status', { kind: 'seal-status' }],
  ])('%j asks for what stands around a read', (target, expected) => {
    expect(ask(target)).toEqual(expected)
  })

  it.each([
    ['/v1/secret/data/', 404],
    ['/v1/secret/data/app/', 404],
    ['/v1/secret/metadata/app', 405],
    ['/v1/secret', 405],
    ['/v1/secret/data/x?version=a', 400],
    ['/v1/secret/data/x?version=-1', 400],
    ['/v1/secret/data/x?version=1&version=2', 400],
    ['/v1/secret/data/../y', 400],
    ['/v1/secret/data/%2e%2e/y', 400],
    ['/v1/secret/data/x?list=true', 405],
    ['/v1/secret/data/x?list=1&version=1', 405],
    ['/v1/secret/data/app/?list=true', 405],
    ['/v1/secret/data/?list=T', 405],
    ['/v1/secret/data/x?scan=true', 405],
    ['/v1/secret/data/x?list=yes', 400],
    ['/v1/secret/data/a%00b', 400],
    ['/v1/secret/data/%zz', 400],
    ['/v1/secret/data/%ff', 400],
    ['/v1/sys/internal/ui/mounts/other/x', 403],
  ])('%j is refused with %i', (target, status) => {
    expect(ask(target)).toMatchObject({ kind: 'refused', status })
  })

  it.each(['/v1/other/data/x', '/v1/secrets/data/x', '/v1/sys/mounts', '/v1/MyTest', '/v2/secret/data/x', '*', ''])(
    '%j is none: it lies below no mount',
    (target) => {
      expect(ask(target)).toBeUndefined()
    },
  )

  it('of any kind is read or refused, never thrown at, and names no path that leads elsewhere', () => {
    const piece = fc.constantFrom(
      '/',
      '..',
      '.',
      '%2e',
      '%2F',
      '%00',
      'secret',
      'data',
      'x',
      '?',
      'version=',
      '1',
      '\u00ff',
      '%',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const question = ask(`/v1/secret/data/${pieces.join('')}`)
        if (question?.kind === 'read') expect(question.path.split('/')).not.toContain('..')
      }),
      { numRuns: 1_000 },
    )
  })
})
