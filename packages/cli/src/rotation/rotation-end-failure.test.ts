import { SecretsError } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../exit-codes.ts'
import { hintFor } from '../hints.ts'
import { rotationEndFailure } from './rotation-end-failure.ts'

describe('a rotation that did not finish', () => {
  it('says why it was taken back, and what to do', () => {
    const failure = rotationEndFailure('app/db', { state: 'rolled-back', because: 'set' })
    expect(failure.message).toBe('The rotation of "app/db" was taken back: the target refused the new credential.')
    expect(hintFor(failure)).toContain('rotate again')
    expect(exitCodeOf[failure.code]).toBe(1)
  })

  it('does not say that what a function did was taken back', () => {
    const failure = rotationEndFailure('app/db', { state: 'rolled-back', because: 'request', byFunction: true })
    expect(failure.message).toBe('The rotation of "app/db" was ended: somebody asked for that.')
    expect(hintFor(failure)).toContain('the pending credential')
  })

  it('says nothing of a cause that is not known', () => {
    expect(rotationEndFailure('app/db', { state: 'rolled-back' }).message).toBe(
      'The rotation of "app/db" was taken back.',
    )
  })

  it('says that no credential is accepted where it failed', () => {
    const failure = rotationEndFailure('app/db', { state: 'failed' })
    expect(failure.message).toContain('no stored credential is accepted')
    expect(hintFor(failure)).toContain('All versions are still there')
  })
})

describe('a rotation that does not get on', () => {
  it('says what to do about the reason for which its step fails, where there is something', () => {
    const failing = (stepReason: string): string | undefined => {
      const cause = new SecretsError('unavailable', 'A step failed.', { reason: stepReason })
      return hintFor(new SecretsError('unavailable', 'It does not get on.', { reason: 'rotation_failing', cause }))
    }
    expect(failing('refused_verifier')).toMatch(
      /credcheck\.encrypted_password_allowed.*strict_password_validation.*rollback/,
    )
    expect(failing('connection_lost')).toMatch(/^The store goes on trying/)
  })
})
